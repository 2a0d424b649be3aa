#include "backends/cudnn/filled_layout.h"

#include "ir/limits.h"
#include "ir/scanner.h"

namespace slimnet::cudnn {
namespace {

constexpr const char* kFilled = "cudnn:filled:";  // how it is stored; pixels, channels, and those in memory

}  // namespace

FilledLayout::FilledLayout(int64_t pixels, int64_t channels, DType stored, int64_t filled)
    : pixels_(pixels), channels_(channels), filled_(filled), stored_(stored) {
  name_ = kFilled + std::string(Name(stored)) + ":" + std::to_string(pixels) + "," + std::to_string(channels) + "," +
          std::to_string(filled);
}

LayoutPtr FilledLayoutNamed(const std::string& name) {
  try {
    Scanner scanner(name, 1);
    scanner.Expect(kFilled);
    const DType stored = scanner.Type();
    scanner.Expect(":");
    const int64_t pixels = scanner.Integer("pixels", 0, limits::kElements);
    scanner.Expect(",");
    const int64_t channels = scanner.Integer("channels", 0, limits::kDimension);
    scanner.Expect(",");
    const int64_t filled = scanner.Integer("channels", 0, limits::kDimension);
    scanner.ExpectEnd();
    return std::make_shared<FilledLayout>(pixels, channels, stored, filled);
  } catch (const Error&) {
    return nullptr;
  }
}

const FilledLayout* FilledLayoutOf(const Value& value) { return dynamic_cast<const FilledLayout*>(value.layout.get()); }

}  // namespace slimnet::cudnn
