// SPDX-License-Identifier: Apache-2.0
#include "ir/rules/rules.hpp"

namespace paragon::ir {

TypeAndShape infer_constant(const InferArgs& args) {
  return {args.leaf_type, {}};
}

TypeAndShape infer_slot(const InferArgs& args) {
  if (args.attrs.id >= args.graph.slots().size())
    args.fail("slot {} does not exist", args.attrs.id);
  const Slot& slot = args.graph.slots()[args.attrs.id];
  return {slot.type, slot.shape};
}

// A slot's gradient is asked for by name, so nothing flows on from here.
Gradients grad_slot(const GradArgs&) {
  return {};
}

TypeAndShape infer_iota(const InferArgs& args) {
  if (args.attrs.shape.rank() != 2)
    args.fail("got shape {}, expected a matrix", to_string(args.attrs.shape));
  return {DType::int32, args.attrs.shape};
}

TypeAndShape infer_table(const InferArgs& args) {
  if (args.attrs.table == nullptr) args.fail("there is no index table");
  return {DType::int32, {args.attrs.table->units, args.attrs.table->taps}};
}

}  // namespace paragon::ir
