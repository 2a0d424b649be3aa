// A descriptor of cuDNN's backend interface that is destroyed with the object.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "backends/cudnn/graph/cudnn_abi.h"
#include "backends/cudnn/graph/library.h"

namespace slimnet::cudnn {

class Descriptor {
 public:
  // Throws Error{kBackend}, as all that follows does; `what` names the object in its text.
  Descriptor(std::shared_ptr<const Library> library, abi::DescriptorType type, const char* what);
  ~Descriptor();
  Descriptor(Descriptor&& other) noexcept;
  Descriptor& operator=(Descriptor&& other) noexcept;

  void Set(abi::Attribute attribute, abi::AttributeType type, int64_t count, const void* values);
  void SetInt(abi::Attribute attribute, int64_t value) { Set(attribute, abi::type::kInt64, 1, &value); }
  void SetInts(abi::Attribute attribute, std::span<const int64_t> values) {
    Set(attribute, abi::type::kInt64, static_cast<int64_t>(values.size()), values.data());
  }
  void SetFloat(abi::Attribute attribute, float value) { Set(attribute, abi::type::kFloat, 1, &value); }
  void SetDouble(abi::Attribute attribute, double value) { Set(attribute, abi::type::kDouble, 1, &value); }
  void SetBool(abi::Attribute attribute, bool value) { Set(attribute, abi::type::kBoolean, 1, &value); }
  void SetData(abi::Attribute attribute, int data_type) { Set(attribute, abi::type::kDataType, 1, &data_type); }
  void SetEnum(abi::Attribute attribute, abi::AttributeType type, int value) { Set(attribute, type, 1, &value); }
  void SetText(abi::Attribute attribute, const std::string& text) {
    Set(attribute, abi::type::kChar, static_cast<int64_t>(text.size()), text.data());
  }
  // cuDNN copies what it needs when the descriptor is finalized.
  void SetDescriptor(abi::Attribute attribute, const Descriptor& value) {
    Set(attribute, abi::type::kDescriptor, 1, &value.descriptor_);
  }
  void SetDescriptors(abi::Attribute attribute, std::span<const Descriptor> values);
  void Finalize();

  // How many elements an attribute has.
  int64_t Count(abi::Attribute attribute, abi::AttributeType type) const;
  // Up to `count` elements; returns how many there were.
  int64_t Get(abi::Attribute attribute, abi::AttributeType type, int64_t count, void* values) const;
  int64_t GetInt(abi::Attribute attribute) const;
  std::string GetText(abi::Attribute attribute) const;
  // Into descriptors that were made, and not finalized, for it.
  int64_t GetDescriptors(abi::Attribute attribute, std::span<Descriptor> into) const;

  abi::Descriptor native() const { return descriptor_; }
  const std::shared_ptr<const Library>& library() const { return library_; }

 private:
  void Check(abi::Status status, const char* verb, abi::Attribute attribute) const;

  std::shared_ptr<const Library> library_;
  const char* what_;
  abi::Descriptor descriptor_ = nullptr;
};

}  // namespace slimnet::cudnn
