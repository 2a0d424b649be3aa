// float32 tensors as kernels read and write them, however they are stored.
#pragma once

#include "backends/cudnn/kernels/each.h"
#include "base/code.h"
#include "base/dtype.h"

namespace slimnet::cudnn {

// A float32 tensor, and how it is stored (ir/precision.h): as kFloat32, kBFloat16, kInt8 or kUInt8; `step` is what an
// integer 1 stands for.
struct Floats {
  DevicePtr data;
  DType stored = DType::kFloat32;
  double step = 0;
};

inline constexpr int kOctet = 8;  // elements that a thread works on at once: 16 bytes of bfloat16

// The same within a kernel.
class FloatView {
 public:
  FloatView() = default;
  FloatView(Queue& queue, const Floats& floats)
      : data_(queue.Address(floats.data)),
        stored_(floats.stored),
        aligned_(reinterpret_cast<uintptr_t>(data_) % sizeof(Word) == 0) {
    if (stored_ != DType::kInt8 && stored_ != DType::kUInt8) return;
    const Code<int8_t> code(floats.step);
    step_ = code.step;
    inverse_ = code.inverse;
  }

  SLIMNET_BODY explicit operator bool() const { return data_ != nullptr; }

  SLIMNET_BODY float Load(int64_t i) const {
    switch (stored_) {
      case DType::kBFloat16:
        return ToFloat(reinterpret_cast<const BFloat16*>(data_)[i]);
      case DType::kInt8:
        return step_ * static_cast<float>(reinterpret_cast<const int8_t*>(data_)[i]);
      case DType::kUInt8:
        return step_ * static_cast<float>(reinterpret_cast<const uint8_t*>(data_)[i]);
      default:
        return reinterpret_cast<const float*>(data_)[i];
    }
  }

  SLIMNET_BODY void Store(int64_t i, float value) const {
    switch (stored_) {
      case DType::kBFloat16:
        reinterpret_cast<BFloat16*>(data_)[i] = ToBFloat16(value);
        break;
      case DType::kInt8:
        reinterpret_cast<int8_t*>(data_)[i] = static_cast<int8_t>(Whole<int8_t>(value));
        break;
      case DType::kUInt8:
        reinterpret_cast<uint8_t*>(data_)[i] = static_cast<uint8_t>(Whole<uint8_t>(value));
        break;
      default:
        reinterpret_cast<float*>(data_)[i] = value;
    }
  }

  // Whether elements may be read and written in eights.
  bool aligned() const { return aligned_; }
  // Elements i to i + 7, i a multiple of 8, of an aligned tensor: in as few reads as there can be.
  SLIMNET_BODY void LoadOctet(int64_t i, float* x) const {
    switch (stored_) {
      case DType::kBFloat16:
        return LoadHalves(i, x);
      case DType::kInt8:
        return LoadBytes<int8_t>(i, x);
      case DType::kUInt8:
        return LoadBytes<uint8_t>(i, x);
      default:
        return LoadFloats(i, x);
    }
  }
  SLIMNET_BODY void StoreOctet(int64_t i, const float* x) const {
    switch (stored_) {
      case DType::kBFloat16:
        return StoreHalves(i, x);
      case DType::kInt8:
        return StoreBytes<int8_t>(i, x);
      case DType::kUInt8:
        return StoreBytes<uint8_t>(i, x);
      default:
        return StoreFloats(i, x);
    }
  }

 private:
  template <class T>
  SLIMNET_BODY int32_t Whole(float value) const {
    return NearestWhole(value * inverse_, Code<T>::kSmallest, Code<T>::kLargest);
  }

  SLIMNET_BODY void LoadFloats(int64_t i, float* x) const {
    SLIMNET_UNROLL
    for (int half = 0; half < 2; ++half) {
      const Word word = LoadWord(data_ + (i + 4 * half) * 4);
      SLIMNET_UNROLL
      for (int k = 0; k < 4; ++k) x[4 * half + k] = std::bit_cast<float>(word.part[k]);
    }
  }

  SLIMNET_BODY void LoadHalves(int64_t i, float* x) const {
    const Word word = LoadWord(data_ + i * 2);
    SLIMNET_UNROLL
    for (int k = 0; k < 4; ++k) {
      x[2 * k] = std::bit_cast<float>(word.part[k] << 16);
      x[2 * k + 1] = std::bit_cast<float>(word.part[k] & 0xffff0000U);
    }
  }

  SLIMNET_BODY void StoreFloats(int64_t i, const float* x) const {
    SLIMNET_UNROLL
    for (int half = 0; half < 2; ++half) {
      Word word;
      SLIMNET_UNROLL
      for (int k = 0; k < 4; ++k) word.part[k] = std::bit_cast<uint32_t>(x[4 * half + k]);
      StoreWord(data_ + (i + 4 * half) * 4, word);
    }
  }

  SLIMNET_BODY void StoreHalves(int64_t i, const float* x) const {
    Word word;
    SLIMNET_UNROLL
    for (int k = 0; k < 4; ++k) {
      word.part[k] = uint32_t{ToBFloat16(x[2 * k]).bits} | uint32_t{ToBFloat16(x[2 * k + 1]).bits} << 16;
    }
    StoreWord(data_ + i * 2, word);
  }

  template <class T>
  SLIMNET_BODY void LoadBytes(int64_t i, float* x) const {
    const HalfWord word = LoadHalfWord(data_ + i);
    SLIMNET_UNROLL
    for (int k = 0; k < kOctet; ++k) {
      x[k] = step_ * static_cast<float>(static_cast<T>(word.part[k / 4] >> (8 * (k % 4))));
    }
  }

  template <class T>
  SLIMNET_BODY void StoreBytes(int64_t i, const float* x) const {
    HalfWord word{{0, 0}};
    SLIMNET_UNROLL
    for (int k = 0; k < kOctet; ++k) {
      word.part[k / 4] |= (static_cast<uint32_t>(Whole<T>(x[k])) & 0xffU) << (8 * (k % 4));
    }
    StoreHalfWord(data_ + i, word);
  }

  std::byte* data_ = nullptr;
  DType stored_ = DType::kFloat32;
  bool aligned_ = false;
  float step_ = 1;
  float inverse_ = 1;
};

}  // namespace slimnet::cudnn
