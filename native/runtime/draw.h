// Initial values of variables: the same bits as lib/slim/random.ts draws.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <span>
#include <string>

#include "backend/backend.h"
#include "runtime/store.h"

namespace slimnet {

struct Draw {
  enum class Distribution {
    kUniform,          // location + scale * n, n an integer in [0, 2^24)
    kTruncatedNormal,  // location + scale * z, z of a normal distribution cut at two deviations
  };

  std::string variable;
  Distribution distribution = Distribution::kUniform;
  double location = 0.0;
  double scale = 1.0;
  std::array<uint32_t, 4> state{};  // of xoshiro128++ (Blackman and Vigna, 2019)
};

// Fills the variables, each on one of the pool's threads. They must be float32 or float64: throws Error{kArgument}.
// Throws Error{kAborted} when cancelled: some variables are new then and some are not.
void DrawVariables(Store& store, std::span<const Draw> draws, ParallelFor& pool, const std::atomic<bool>& cancelled);

}  // namespace slimnet
