// SPDX-License-Identifier: Apache-2.0
// Access to the operands of update kernels (updates.hpp).

template <class T>
HWY_INLINE T single(const UpdateArgs& args, int i) {
  return *static_cast<const T*>(args.scalar[i]);
}
template <class T>
HWY_INLINE const T* operand_row(const UpdateArgs& args, int i, size_t row) {
  return static_cast<const T*>(args.x[i]) + row * args.x_stride[i];
}
template <class T>
HWY_INLINE T* result_row(const UpdateArgs& args, int i, size_t row) {
  return static_cast<T*>(args.result[i]) + row * args.result_stride[i];
}
