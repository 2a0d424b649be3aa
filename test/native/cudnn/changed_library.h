// The pinned cuDNN with some of its functions exchanged. They have no place for an object of a test's.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "backends/cudnn/graph/cudnn_abi.h"
#include "backends/cudnn/graph/library.h"

namespace slimnet::cudnn::testing {

class ChangedLibrary final : public Library {
 public:
  template <class Change>
  ChangedLibrary(std::shared_ptr<const Library> real, const Change& change)
      : real_(std::move(real)), entry_(real_->entry_points()) {
    change(entry_);
  }

  const EntryPoints& entry_points() const override { return entry_; }
  size_t version() const override { return real_->version(); }
  const std::string& description() const override { return real_->description(); }

 private:
  std::shared_ptr<const Library> real_;
  EntryPoints entry_;
};

}  // namespace slimnet::cudnn::testing
