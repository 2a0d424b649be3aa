// What the tensors of a step are to kernels that compute on the host.
#pragma once

#include <cstddef>

#include "backend/backend.h"

namespace slimnet::cpu {

// Device pointers of CPU backends are the host's addresses.
template <class T>
T* Address(DevicePtr pointer) {
  return static_cast<T*>(reinterpret_cast<void*>(pointer.address()));
}

template <class T>
const T* In(const Bindings& bindings, size_t port) {
  return Address<const T>(bindings.inputs[port]);
}
// Of a post-op; null where it has none.
template <class T>
const T* Operand(const Bindings& bindings, size_t post_op) {
  return Address<const T>(bindings.operands[post_op]);
}
template <class T>
T* Out(const Bindings& bindings, size_t port) {
  return Address<T>(bindings.outputs[port]);
}
template <class T>
T* Scratch(const Bindings& bindings, size_t offset = 0) {
  return Address<T>(bindings.scratch + offset);
}

}  // namespace slimnet::cpu
