// The values that variables have at one moment.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "runtime/store.h"

namespace slimnet {

// Costs nothing to take, and holds up nobody: runs that change the variables afterwards leave their memory alone as
// long as this lives. Only a run that updates in place must not be at work meanwhile. May be read from any thread.
class Snapshot {
 public:
  // Throws Error{kArgument} for an unknown name, Error{kExecution} where a value is lost.
  Snapshot(std::shared_ptr<Store> store, std::span<const std::string> names);

  size_t size() const { return values_.size(); }
  const TensorType& type(size_t i) const { return values_[i].type; }
  // Copies all values of a variable into `to`, which must have their size.
  void Read(size_t i, std::span<std::byte> to) const;

 private:
  std::shared_ptr<Store> store_;
  std::vector<Store::Value> values_;
};

}  // namespace slimnet
