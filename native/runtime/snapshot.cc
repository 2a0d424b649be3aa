#include "runtime/snapshot.h"

#include <algorithm>
#include <utility>

namespace slimnet {

Snapshot::Snapshot(std::shared_ptr<Store> store, std::span<const std::string> names)
    : store_(std::move(store)), values_(store_->Values(names)) {}

void Snapshot::Read(size_t i, std::span<std::byte> to) const {
  if (values_[i].memory) {
    store_->transfers().Download(to, *values_[i].memory);
  } else {
    std::fill(to.begin(), to.end(), std::byte{0});
  }
}

}  // namespace slimnet
