#include "ir/program.h"

namespace slimnet {

int64_t ElementCount(const Shape& shape) {
  int64_t count = 1;
  for (int64_t dimension : shape) {
    if (dimension == 0) return 0;
  }
  for (int64_t dimension : shape) count *= dimension;
  return count;
}

size_t ByteSize(const TensorType& type) { return static_cast<size_t>(ElementCount(type.shape)) * BytesOf(type.dtype); }

std::string ToString(const TensorType& type) {
  std::string text(Name(type.dtype));
  text += '[';
  for (size_t i = 0; i < type.shape.size(); ++i) {
    if (i > 0) text += ',';
    text += std::to_string(type.shape[i]);
  }
  text += ']';
  return text;
}

ValueId Program::AddValue(TensorType type, int32_t port, std::string maker) {
  values.push_back(Value{.type = std::move(type),
                         .maker = std::move(maker),
                         .port = port,
                         .layout = nullptr,
                         .encoding = {},
                         .place = {}});
  return static_cast<ValueId>(values.size() - 1);
}

}  // namespace slimnet
