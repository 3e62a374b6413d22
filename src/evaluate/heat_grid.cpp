// SPDX-License-Identifier: Apache-2.0
#include "evaluate/heat_grid.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <nlohmann/json.hpp>
#include <numeric>
#include <string_view>

namespace paragon {
namespace {

// Lengths in pixels. Widths of text are estimated: the font is the viewer's.
constexpr size_t kMargin = 24;
constexpr size_t kTitleSize = 20, kTextSize = 13;
constexpr size_t kLine = 20;  // height of a line of text
constexpr size_t kLegendWidth = 320, kLegendHeight = 14;
constexpr size_t kLongestLabel = 40;  // characters

bool begins_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0) != 0x80;
}

size_t characters(std::string_view text) {
  return static_cast<size_t>(std::ranges::count_if(text, begins_character));
}

size_t width_of(std::string_view text, size_t font_size = kTextSize) {
  return (characters(text) * font_size * 3 + 4) / 5;
}

/// The text without what an XML document must not hold: bytes that are no UTF-8, control
/// characters, U+FFFE and U+FFFF become U+FFFD.
std::string legal(const std::string& text) {
  using Json = nlohmann::json;
  constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
  const std::string valid =  // the JSON library replaces bytes that are no UTF-8
      Json::parse(Json(text).dump(-1, ' ', false, Json::error_handler_t::replace));
  std::string result;
  for (size_t i = 0; i < valid.size(); ++i) {
    const std::string_view rest = std::string_view(valid).substr(i);
    if (rest.starts_with("\xEF\xBF\xBE") || rest.starts_with("\xEF\xBF\xBF")) {
      result += kReplacement;
      i += 2;
    } else if (static_cast<unsigned char>(valid[i]) < 0x20) {
      result += kReplacement;
    } else {
      result += valid[i];
    }
  }
  return result;
}

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      case '\'':
        result += "&apos;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

std::string shortened(const std::string& label) {
  if (characters(label) <= kLongestLabel) return label;
  size_t end = 0;
  for (size_t seen = 0; end < label.size(); ++end)
    if (begins_character(label[end]) && ++seen == kLongestLabel) break;
  return label.substr(0, end) + "\xE2\x80\xA6";  // an ellipsis
}

std::string hex(const std::array<uint8_t, 3>& colour) {
  return fmt::format("#{:02x}{:02x}{:02x}", colour[0], colour[1], colour[2]);
}

/// The share that a colour stands for is the square of its heat: small ones stay apart.
double heat_of(double share) {
  return std::sqrt(share);
}

/// A grid with its measures.
struct Placed {
  explicit Placed(HeatGrid&& source) : grid(std::move(source)) {
    size_t label = width_of(grid.row_axis);
    for (std::string& row : grid.rows)
      label = std::max(label, width_of(row = shortened(legal(row))));
    left = kMargin + label + 10;
    size_t text = 3 * kTextSize;
    for (std::string& column : grid.columns)
      text = std::max(text, width_of(column = shortened(legal(column))));
    for (const size_t count : grid.counts)
      text = std::max(text, width_of(fmt::format_int(count).c_str()));
    cell_width = text + 10;
    cell_height = grid.shares ? 42 : 28;
    right = left + std::max(cell_width * grid.columns.size(), width_of(grid.column_axis));
    // heading, column axis, column labels, rows, air
    height = 3 * kLine + 6 + cell_height * grid.rows.size() + kLine;
  }

  HeatGrid grid;
  size_t left, right, cell_width, cell_height, height;
};

class Svg {
 public:
  Svg(size_t width, size_t height, const std::string& title) {
    append(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
        "<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\" width=\"{0}\" height=\"{1}\" "
        "viewBox=\"0 0 {0} {1}\" font-family=\"Helvetica, Arial, sans-serif\" font-size=\"{2}\" "
        "fill=\"#1a1a1a\">\n<title>{3}</title>\n"
        "<rect width=\"{0}\" height=\"{1}\" fill=\"#ffffff\"/>\n",
        width, height, kTextSize, escaped(title));
  }

  template <class... Args>
  void append(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(text_), format, std::forward<Args>(args)...);
  }

  void text(size_t x, size_t y, std::string_view content, const char* attributes = "") {
    append("<text x=\"{}\" y=\"{}\"{}>{}</text>\n", x, y, attributes, escaped(content));
  }

  std::string finish() && { return std::move(text_) + "</svg>\n"; }

 private:
  std::string text_;
};

constexpr const char* kMiddle = " text-anchor=\"middle\"";
constexpr const char* kEnd = " text-anchor=\"end\"";

void draw_cell(Svg& svg, const Placed& placed, size_t row, size_t column, size_t total,
               size_t top) {
  const HeatGrid& grid = placed.grid;
  const size_t count = grid.counts[row * grid.columns.size() + column];
  const double share = total == 0 ? 0 : static_cast<double>(count) / static_cast<double>(total);
  const auto colour = heat_colour(heat_of(share));
  const size_t x = placed.left + column * placed.cell_width;
  const size_t y = top + row * placed.cell_height;
  const size_t middle = x + placed.cell_width / 2;
  svg.append("<g fill=\"{}\"><title>{}: {} of {} ({:.1f} %)</title>",
             needs_white_text(colour) ? "#ffffff" : "#000000",
             escaped(fmt::format("{} {}, {} {}", grid.row_axis, grid.rows[row], grid.column_axis,
                                 grid.columns[column])),
             count, total, 100 * share);
  svg.append("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{}\"/>", x, y,
             placed.cell_width - 1, placed.cell_height - 1, hex(colour));
  svg.append("<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>", middle, y + 18, count);
  if (grid.shares)
    svg.append("<text x=\"{}\" y=\"{}\" text-anchor=\"middle\" font-size=\"11\">{:.1f} %</text>",
               middle, y + 34, 100 * share);
  svg.append("</g>\n");
}

void draw_grid(Svg& svg, const Placed& placed, size_t top) {
  const HeatGrid& grid = placed.grid;
  const size_t columns = grid.columns.size();
  svg.text(kMargin, top, grid.heading, " font-weight=\"bold\"");
  svg.text(placed.left, top + kLine, grid.column_axis);
  svg.text(placed.left - 10, top + 2 * kLine, grid.row_axis, kEnd);
  for (size_t i = 0; i < columns; ++i)
    svg.text(placed.left + i * placed.cell_width + placed.cell_width / 2, top + 2 * kLine,
             grid.columns[i], kMiddle);
  const size_t cells = top + 2 * kLine + 8;
  for (size_t row = 0; row < grid.rows.size(); ++row) {
    svg.text(placed.left - 10, cells + row * placed.cell_height + placed.cell_height / 2 + 5,
             grid.rows[row], kEnd);
    const auto first = grid.counts.begin() + static_cast<ptrdiff_t>(row * columns);
    const size_t total = std::accumulate(first, first + static_cast<ptrdiff_t>(columns), size_t{0});
    for (size_t column = 0; column < columns; ++column)
      draw_cell(svg, placed, row, column, total, cells);
  }
}

void draw_legend(Svg& svg, size_t top) {
  constexpr size_t kSteps = 64, kStep = kLegendWidth / kSteps;
  svg.text(kMargin, top, "colour: share of the row (square-root scale)");
  for (size_t i = 0; i < kSteps; ++i)
    svg.append("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"{}\"/>\n",
               kMargin + i * kStep, top + 8, kStep, kLegendHeight,
               hex(heat_colour(static_cast<double>(i) / (kSteps - 1))));
  for (const int percent : {0, 1, 5, 25, 50, 100})
    svg.text(kMargin + static_cast<size_t>(kLegendWidth * heat_of(percent / 100.0)),
             top + 8 + kLegendHeight + 14, fmt::format("{} %", percent),
             percent == 0     ? ""
             : percent == 100 ? kEnd
                              : kMiddle);
}

}  // namespace

std::string draw_svg(const Picture& picture) {
  constexpr size_t kLegend = 8 + kLegendHeight + kLine;
  size_t width = std::max(kMargin + kLegendWidth, kMargin + width_of(picture.title, kTitleSize));
  for (const std::string& line : picture.lines) width = std::max(width, kMargin + width_of(line));
  size_t height = kMargin + kTitleSize + picture.lines.size() * kLine + kLine + kLegend;
  std::vector<Placed> grids;
  for (const HeatGrid& grid : picture.grids) {
    grids.emplace_back(HeatGrid(grid));
    width = std::max({width, grids.back().right, kMargin + width_of(grid.heading)});
    height += grids.back().height;
  }

  Svg svg(width + kMargin, height + kMargin / 2, picture.title);
  size_t top = kMargin + kTitleSize / 2;
  svg.text(kMargin, top, picture.title, fmt::format(" font-size=\"{}\"", kTitleSize).c_str());
  for (const std::string& line : picture.lines) svg.text(kMargin, top += kLine, line);
  top += kLine + kTextSize;
  for (const Placed& placed : grids) {
    draw_grid(svg, placed, top);
    top += placed.height;
  }
  draw_legend(svg, top);
  return std::move(svg).finish();
}

}  // namespace paragon
