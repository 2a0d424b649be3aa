#include "backends/cudnn/graph/descriptor.h"

#include <utility>

#include "backends/cudnn/graph/status.h"
#include "base/error.h"

namespace slimnet::cudnn {

void Descriptor::Check(abi::Status status, const char* verb, abi::Attribute attribute) const {
  if (status == abi::kSuccess) return;
  std::string what = std::string("cuDNN could not ") + verb + " " + what_;
  if (attribute >= 0) what += " (attribute " + std::to_string(attribute) + ")";
  throw Error(ErrorCode::kBackend, what + ": " + Explain(*library_, status) + ".");
}

Descriptor::Descriptor(std::shared_ptr<const Library> library, abi::DescriptorType type, const char* what)
    : library_(std::move(library)), what_(what) {
  Check(library_->entry_points().create_descriptor(type, &descriptor_), "make", -1);
}

Descriptor::~Descriptor() {
  if (descriptor_ != nullptr) library_->entry_points().destroy_descriptor(descriptor_);
}

Descriptor::Descriptor(Descriptor&& other) noexcept
    : library_(other.library_), what_(other.what_), descriptor_(std::exchange(other.descriptor_, nullptr)) {}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(library_, other.library_);
  std::swap(what_, other.what_);
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

void Descriptor::Set(abi::Attribute attribute, abi::AttributeType type, int64_t count, const void* values) {
  Check(library_->entry_points().set_attribute(descriptor_, attribute, type, count, values), "set up", attribute);
}

void Descriptor::SetDescriptors(abi::Attribute attribute, std::span<const Descriptor> values) {
  std::vector<abi::Descriptor> natives;
  natives.reserve(values.size());
  for (const Descriptor& value : values) natives.push_back(value.native());
  Set(attribute, abi::type::kDescriptor, static_cast<int64_t>(natives.size()), natives.data());
}

void Descriptor::Finalize() { Check(library_->entry_points().finalize(descriptor_), "make", -1); }

int64_t Descriptor::Get(abi::Attribute attribute, abi::AttributeType type, int64_t count, void* values) const {
  int64_t found = 0;
  Check(library_->entry_points().get_attribute(descriptor_, attribute, type, count, &found, values), "read from",
        attribute);
  return found;
}

int64_t Descriptor::Count(abi::Attribute attribute, abi::AttributeType type) const {
  return Get(attribute, type, 0, nullptr);
}

int64_t Descriptor::GetInt(abi::Attribute attribute) const {
  int64_t value = 0;
  Get(attribute, abi::type::kInt64, 1, &value);
  return value;
}

std::string Descriptor::GetText(abi::Attribute attribute) const {
  std::string text(static_cast<size_t>(Count(attribute, abi::type::kChar)), '\0');
  Get(attribute, abi::type::kChar, static_cast<int64_t>(text.size()), text.data());
  while (!text.empty() && text.back() == '\0') text.pop_back();
  return text;
}

int64_t Descriptor::GetDescriptors(abi::Attribute attribute, std::span<Descriptor> into) const {
  std::vector<abi::Descriptor> natives;
  natives.reserve(into.size());
  for (const Descriptor& descriptor : into) natives.push_back(descriptor.native());
  return Get(attribute, abi::type::kDescriptor, static_cast<int64_t>(natives.size()), natives.data());
}

}  // namespace slimnet::cudnn
