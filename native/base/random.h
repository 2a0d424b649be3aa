// Random numbers without a state: each is a function of (seed, step, index) alone, so any thread, backend or language
// can draw any of them in any order and gets the same bits.
//
// The function is Philox4x32-10 of Salmon, Moraes, Dror and Shaw, "Parallel Random Numbers: As Easy as 1, 2, 3" (SC11).
// One block turns a 128-bit counter and a 64-bit key into four 32-bit words in ten rounds of two 32x32 -> 64 bit
// products:
//
//   counter = { block mod 2^32, block / 2^32, step mod 2^32, step / 2^32 }    block = index / 4
//   key     = { seed mod 2^32, seed / 2^32 }
//   uniform = (word[index mod 4] >> 8) / 2^24                               24 bits: exact in float32, never 1
//
// Variable initializers in TypeScript can draw from the same function with step = 0: high and low halves of the
// products come from 16-bit parts and Math.imul.
#pragma once

#include <array>
#include <cstdint>

namespace slimnet {

using PhiloxBlock = std::array<uint32_t, 4>;
using PhiloxKey = std::array<uint32_t, 2>;

constexpr PhiloxBlock Philox4x32(PhiloxBlock counter, PhiloxKey key) {
  constexpr uint64_t kMultiplier0 = 0xD2511F53;
  constexpr uint64_t kMultiplier1 = 0xCD9E8D57;
  constexpr uint32_t kWeyl0 = 0x9E3779B9;  // golden ratio
  constexpr uint32_t kWeyl1 = 0xBB67AE85;  // sqrt(3) - 1
  for (int round = 0; round < 10; ++round) {
    const uint64_t p0 = kMultiplier0 * counter[0];
    const uint64_t p1 = kMultiplier1 * counter[2];
    counter = {static_cast<uint32_t>(p1 >> 32) ^ counter[1] ^ key[0], static_cast<uint32_t>(p1),
               static_cast<uint32_t>(p0 >> 32) ^ counter[3] ^ key[1], static_cast<uint32_t>(p0)};
    key = {key[0] + kWeyl0, key[1] + kWeyl1};
  }
  return counter;
}

// The four words that belong to indices 4 * block .. 4 * block + 3.
constexpr PhiloxBlock RandomBlock(uint64_t seed, uint64_t step, uint64_t block) {
  return Philox4x32({static_cast<uint32_t>(block), static_cast<uint32_t>(block >> 32), static_cast<uint32_t>(step),
                     static_cast<uint32_t>(step >> 32)},
                    {static_cast<uint32_t>(seed), static_cast<uint32_t>(seed >> 32)});
}

// A word as a number in [0, 1), a multiple of 2^-24.
constexpr float ToUniform(uint32_t word) { return static_cast<float>(word >> 8) * 0x1p-24F; }

// The number in [0, 1) that belongs to (seed, step, index).
constexpr float Uniform(uint64_t seed, uint64_t step, uint64_t index) {
  return ToUniform(RandomBlock(seed, step, index / 4)[index % 4]);
}

}  // namespace slimnet
