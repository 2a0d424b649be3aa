// The random numbers of one picture: what chance decides follows from the seed and the picture's number alone.
#pragma once

#include <cstdint>

#include "base/random.h"

namespace slimnet {

class RandomStream {
 public:
  RandomStream(uint64_t seed, uint64_t picture) : seed_(seed), picture_(picture) {}

  // In [0, 1).
  float Uniform() { return ToUniform(Next()); }
  // In [low, high).
  float Uniform(float low, float high) { return low + Uniform() * (high - low); }
  // In 0 .. count - 1, for counts up to 2^32: no number is more frequent than another by more than count / 2^32.
  int64_t Integer(int64_t count) {
    return static_cast<int64_t>((static_cast<uint64_t>(Next()) * static_cast<uint64_t>(count)) >> 32);
  }

 private:
  // The blocks of this half belong to no element of a tensor (base/random.h): a dropout with the same seed and run
  // draws other words.
  static constexpr uint64_t kFirstBlock = uint64_t{1} << 63;

  uint32_t Next() {
    const uint64_t word = drawn_++;
    if (word % 4 == 0) words_ = RandomBlock(seed_, picture_, kFirstBlock + word / 4);
    return words_[word % 4];
  }

  uint64_t seed_;
  uint64_t picture_;
  uint64_t drawn_ = 0;
  PhiloxBlock words_{};
};

}  // namespace slimnet
