#include "backends/cudnn/rounded_layout.h"

#include "ir/limits.h"
#include "ir/scanner.h"

namespace slimnet::cudnn {
namespace {

constexpr const char* kRounded = "cudnn:bfloat16:";  // and how many

}  // namespace

RoundedLayout::RoundedLayout(int64_t count) : count_(count), name_(kRounded + std::to_string(count)) {}

LayoutPtr RoundedLayoutNamed(const std::string& name) {
  try {
    Scanner scanner(name, 1);
    scanner.Expect(kRounded);
    const int64_t count = scanner.Integer("a count", 0, limits::kDimension);
    scanner.ExpectEnd();
    return std::make_shared<RoundedLayout>(count);
  } catch (const Error&) {
    return nullptr;
  }
}

bool IsRounded(const Value& value) { return dynamic_cast<const RoundedLayout*>(value.layout.get()) != nullptr; }

}  // namespace slimnet::cudnn
