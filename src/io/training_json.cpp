// SPDX-License-Identifier: Apache-2.0
#include "io/training_json.hpp"

#include <fmt/ranges.h>

#include <set>
#include <utility>

namespace paragon::io {
namespace {

void write_slot(JsonWriter& writer, const detail::TrainingState::Slot& slot) {
  writer.open("", '{');
  writer.field("id", slot.id);
  writer.field("name", slot.name);
  writer.field("type", std::string(name(slot.value.type())));
  const std::string place = fmt::format("training slot {} of id {}", slot.name, slot.id);
  writer.array("shape", slot.value.shape().dims(), place);
  visit_elements(slot.value,
                 [&](const auto& elements) { writer.array("values", elements, place); });
  writer.close('}');
}

DType read_type(JsonReader& reader) {
  const DType type = parse_dtype(reader.string("type"));
  if (info(type).kind == DTypeKind::kUnsigned || type == DType::int_)
    reader.fail("type", fmt::format("'{}'", name(type)), "a float or signed integer type by width");
  return type;
}

/// The shape, if there are as many values: a short file must not make a large tensor.
Shape read_shape(JsonReader& reader) {
  const std::vector<size_t> dims = reader.extents("shape");
  if (dims.size() > Shape::kMaxRank)
    reader.fail("shape", fmt::format("an array of {}", dims.size()),
                fmt::format("at most {}", Shape::kMaxRank));
  const size_t count = reader.count("values");
  size_t elements = 1;
  for (const size_t dim : dims) {
    elements *= dim;  // below 2^27 * 2^31
    if (elements > count) break;
  }
  if (elements != count)
    reader.fail("values", fmt::format("an array of {}", count),
                fmt::format("as many as the shape [{}] says", fmt::join(dims, ",")));
  return Shape(dims);
}

detail::TrainingState::Slot read_slot(JsonReader& reader) {
  detail::TrainingState::Slot slot;
  slot.id = reader.unsigned_integer("id");
  slot.name = reader.string("name");
  const DType type = read_type(reader);
  slot.value = Tensor(type, read_shape(reader));
  read_elements(reader, "values", slot.value);
  reader.finish();
  return slot;
}

}  // namespace

void write_training(JsonWriter& writer, const detail::TrainingState& training) {
  writer.open("training", '{');
  writer.field("step", training.step);
  writer.field("epoch", training.epoch);
  writer.field("row", training.row);
  writer.open("slots", '[');
  for (const auto& slot : training.slots) write_slot(writer, slot);
  writer.close(']');
  writer.close('}');
}

detail::TrainingState read_training(JsonReader reader) {
  detail::TrainingState training;
  training.step = reader.unsigned_integer("step");
  training.epoch = reader.unsigned_integer("epoch");
  training.row = reader.unsigned_integer("row");
  std::set<std::pair<uint64_t, std::string>> seen;
  JsonItems items = reader.items("slots");
  for (size_t i = 0; i < items.size(); ++i) {
    JsonReader item(items[i], fmt::format("{}[{}]", reader.path_of("slots"), i));
    training.slots.push_back(read_slot(item));
    items[i].data = {};  // the numbers are in the slot now
    const auto& slot = training.slots.back();
    if (!seen.insert({slot.id, slot.name}).second)
      item.fail("name", fmt::format("'{}' of id {} again", slot.name, slot.id), "each slot once");
  }
  reader.finish();
  return training;
}

}  // namespace paragon::io
