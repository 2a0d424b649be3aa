// What steps say of values that they cannot take.
#pragma once

#include <string>

#include "backends/cudnn/gpu/queue.h"
#include "base/error.h"
#include "ir/program.h"

namespace slimnet::cudnn {

// The node that complains.
class NodeComplainant : public Complainant {
 public:
  explicit NodeComplainant(const Node& node) : op_(Info(node.op).name), name_(node.name) {}

 protected:
  [[noreturn]] void Throw(const std::string& message) const {
    throw Error(ErrorCode::kExecution, message).At(op_, name_);
  }

 private:
  std::string op_, name_;
};

// An index outside of [0, size): the message of cpu::Indices.
inline std::string OutOfRange(const char* port, int64_t element, int64_t size, int64_t received) {
  return std::string(port) + ": element " + std::to_string(element) + ": expected 0 to " + std::to_string(size - 1) +
         ", received " + std::to_string(received) + ".";
}

}  // namespace slimnet::cudnn
