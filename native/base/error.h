// The one exception type of the core. The addon turns it into the JavaScript class that belongs to the code.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace slimnet {

// The codes of lib/errors.ts that native code can raise.
enum class ErrorCode {
  kArgument,
  kShape,
  kPlan,
  kCompile,
  kBackend,
  kExecution,
  kImage,
  kDisposed,
  kAborted,
  kQueueFull,
  kMemory,
  kInternal,
};

constexpr std::string_view Name(ErrorCode code) {
  switch (code) {
    case ErrorCode::kArgument:
      return "ERR_ARGUMENT";
    case ErrorCode::kShape:
      return "ERR_SHAPE";
    case ErrorCode::kPlan:
      return "ERR_PLAN";
    case ErrorCode::kCompile:
      return "ERR_COMPILE";
    case ErrorCode::kBackend:
      return "ERR_BACKEND";
    case ErrorCode::kExecution:
      return "ERR_EXECUTION";
    case ErrorCode::kImage:
      return "ERR_IMAGE";
    case ErrorCode::kDisposed:
      return "ERR_DISPOSED";
    case ErrorCode::kAborted:
      return "ERR_ABORTED";
    case ErrorCode::kQueueFull:
      return "ERR_QUEUE_FULL";
    case ErrorCode::kMemory:
      return "ERR_MEMORY";
    case ErrorCode::kInternal:
      return "ERR_INTERNAL";
  }
  return "ERR_INTERNAL";
}

class Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message) : std::runtime_error(message), code_(code) {}

  // Names the op and the node that the error is about; the first names given stay.
  Error& At(std::string_view op, std::string_view node) {
    if (op_.empty()) op_ = op;
    if (node_.empty()) node_ = node;
    return *this;
  }

  ErrorCode code() const { return code_; }
  const std::string& op() const { return op_; }
  const std::string& node() const { return node_; }

 private:
  ErrorCode code_;
  std::string op_;
  std::string node_;
};

}  // namespace slimnet
