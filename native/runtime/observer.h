// Notes which values the results of a program take, for int8 by calibration.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

namespace slimnet {

// What was seen of one value, over all runs. Numbers that are not finite are counted and otherwise left out.
struct Observation {
  static constexpr size_t kBins = 2048;

  std::string name;  // of the node that makes it
  double smallest = 0;
  double largest = 0;
  double not_finite = 0;
  double limit = 0;  // the bins divide magnitudes from 0 to here evenly; a power of two, 0 while all were 0
  std::array<double, kBins> counts{};
};

class Observer {
 public:
  explicit Observer(std::vector<std::string> names);
  // `count` numbers of value `index`.
  void Note(size_t index, const float* values, int64_t count);
  std::vector<Observation> Seen() const;

 private:
  mutable std::mutex mutex_;
  std::vector<Observation> seen_;
  std::vector<bool> any_;
};

}  // namespace slimnet
