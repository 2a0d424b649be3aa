// Whether a backend computes a case as it should.
#pragma once

#include <cstdint>
#include <string>

#include "tools/bundle/bundle.h"
#include "tools/bundle/machine.h"

namespace slimnet::bundle {

struct CaseResult {
  enum class State : uint8_t { kPassed, kFailed, kRefused };
  State state = State::kPassed;
  double error = 0;     // the largest, as a part of what is allowed
  std::string message;  // what is wrong, why it is refused, or how it differs as noted
  Computed computed;
};

// Runs a case and holds the results to what the bundle says; to those of `reference` where it says nothing else.
CaseResult Check(const Case& item, Machine& machine, Machine& reference);

// Runs a case with its floating values in another order, drawn from `seed`, and holds the results to those of
// `reference`. Nothing to compare with (a case that must fail or whose results differ as noted, or that the reference
// refuses) passes.
CaseResult CheckShuffled(const Case& item, Machine& machine, Machine& reference, uint64_t seed);

}  // namespace slimnet::bundle
