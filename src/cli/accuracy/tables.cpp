// SPDX-License-Identifier: Apache-2.0
#include "cli/accuracy/tables.hpp"

#include <fmt/ostream.h>

#include <algorithm>
#include <set>
#include <string_view>

namespace paragon::cli::accuracy {
namespace {

constexpr std::string_view kBegin = "<!-- begin: made by `paragon bench accuracy --markdown` -->\n";
constexpr std::string_view kEnd = "<!-- end -->\n";

std::string accuracy_text(const Figures& figures) {
  return figures.deviation ? fmt::format("{:.2f} ± {:.2f}", figures.mean, *figures.deviation)
                           : fmt::format("{:.2f}", figures.mean);
}

std::string difference_text(const Figures& figures) {
  if (!figures.difference) return "-";
  const double rounded = std::abs(*figures.difference) < 0.0005 ? 0 : *figures.difference;
  return figures.error ? fmt::format("{:+.3f} ± {:.3f}", rounded, *figures.error)
                       : fmt::format("{:+.3f}", rounded);
}

std::string bars_text(const Bars& bars) {
  std::string text;
  if (bars.least) text += fmt::format("≥ {}", *bars.least);
  if (bars.margin) text += fmt::format("{}≥ float32 − {}", text.empty() ? "" : ", ", *bars.margin);
  return text.empty() ? "-" : text;
}

std::string met_text(const Figures& figures, std::string_view no) {
  return !figures.has_bars() ? "-" : figures.met() ? "yes" : std::string(no);
}

/// Text in a column of `width` characters (UTF-8 sequences of one character each).
std::string padded(std::string_view text, size_t width) {
  const auto characters = static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
  return std::string(text) + std::string(width > characters ? width - characters : 0, ' ');
}

std::string line_of(const std::vector<std::string>& cells) {
  std::string line = "|";
  for (const std::string& cell : cells) line += " " + cell + " |";
  return line + "\n";
}

std::string rule_of(size_t cells) {
  return line_of(std::vector<std::string>(cells, "---"));
}

std::string title_of(const Task& task) {
  return fmt::format("{}, {}", title_of(task.data), task.title);
}

std::vector<Row> rows_of(const Results& results, const Task& task) {
  std::vector<Row> rows;
  for (const Row& row : results.rows())
    if (row.task == &task && !row.by_seed.empty()) rows.push_back(row);
  return rows;
}

std::vector<const Task*> tasks_of(const Results& results) {
  std::vector<const Task*> tasks;
  for (const Row& row : results.rows())
    if (!row.by_seed.empty() && (tasks.empty() || tasks.back() != row.task))
      tasks.push_back(row.task);
  return tasks;
}

std::string overview(const Results& results) {
  std::set<DType> types;
  for (const Row& row : results.rows()) types.insert(row.type);
  std::vector<std::string> head = {"net"};
  for (const DType type : types) head.emplace_back(name(type));
  head.emplace_back("bars met");
  std::string text = line_of(head) + rule_of(head.size());
  for (const Task* task : tasks_of(results)) {
    std::vector<std::string> cells = {title_of(*task)};
    bool met = true;
    for (const DType type : types) {
      const Row* row = results.find(*task, type);
      const bool there = row != nullptr && !row->by_seed.empty();
      cells.push_back(there ? accuracy_text(results.figures(*row)) : "-");
      if (there) met = met && results.figures(*row).met();
    }
    cells.emplace_back(met ? "yes" : "**no**");
    text += line_of(cells);
  }
  return text;
}

std::string section(const Results& results, const Task& task) {
  std::string text =
      fmt::format("\n### {}: {}\n\n{}.\n\n", task.name, title_of(task), settings_of(task));
  text += line_of({"type", "seeds", "accuracy, %", "difference to float32", "bars", "met"}) +
          rule_of(6);
  for (const Row& row : rows_of(results, task)) {
    const Figures figures = results.figures(row);
    text += line_of({std::string(name(row.type)), fmt::format("{}", row.by_seed.size()),
                     accuracy_text(figures), difference_text(figures), bars_text(figures.bars),
                     met_text(figures, "**no**")});
  }
  bool first = true;
  for (const Published& figure : published()) {
    if (figure.task != task.name) continue;
    if (first) text += "\n" + line_of({"published", "accuracy, %", "how", "source"}) + rule_of(4);
    first = false;
    text += line_of({figure.system, figure.accuracy, figure.how, figure.source});
  }
  return text;
}

}  // namespace

void print(std::ostream& out, const Results& results) {
  for (const Task* task : tasks_of(results)) {
    fmt::print(out, "{}: {}\n{}\n", task->name, title_of(*task), settings_of(*task));
    const auto line = [&](const std::vector<std::string>& cells) {
      constexpr size_t kWidths[] = {9, 6, 16, 22, 26, 4};
      std::string text;
      for (size_t i = 0; i < cells.size(); ++i) text += padded(cells[i], kWidths[i]);
      fmt::print(out, "  {}\n", text.substr(0, text.find_last_not_of(' ') + 1));
    };
    line({"type", "seeds", "accuracy, %", "to float32", "bars", "met"});
    for (const Row& row : rows_of(results, *task)) {
      const Figures figures = results.figures(row);
      line({std::string(name(row.type)), fmt::format("{}", row.by_seed.size()),
            accuracy_text(figures), difference_text(figures), bars_text(figures.bars),
            met_text(figures, "NO")});
    }
    fmt::print(out, "\n");
  }
}

std::string markdown(const Results& results) {
  std::string text = "\n" + overview(results);
  for (const Task* task : tasks_of(results)) text += section(results, *task);
  return text + "\n";
}

std::string renewed(const std::string& page, const std::string& tables, const std::string& place) {
  if (page.empty()) return fmt::format("{}{}{}", kBegin, tables, kEnd);
  const size_t begin = page.find(kBegin);
  const size_t end = begin == std::string::npos ? begin : page.find(kEnd, begin);
  if (end == std::string::npos)
    throw Error(fmt::format("{}: expected a page with the lines '{}' and '{}'", place,
                            kBegin.substr(0, kBegin.size() - 1), kEnd.substr(0, kEnd.size() - 1)));
  return page.substr(0, begin) + std::string(kBegin) + tables + page.substr(end);
}

}  // namespace paragon::cli::accuracy
