// The memory of variables and constants that readings keep which overlap.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "backend/backend.h"
#include "runtime/store.h"

namespace slimnet {
namespace {

class CountedMemory final : public Memory {
 public:
  CountedMemory(std::unique_ptr<Memory> memory, std::atomic<int>& count) : memory_(std::move(memory)), count_(count) {
    ++count_;
  }
  ~CountedMemory() override { --count_; }
  DevicePtr data() const override { return memory_->data(); }
  size_t bytes() const override { return memory_->bytes(); }
  std::byte* host() const override { return memory_->host(); }

 private:
  std::unique_ptr<Memory> memory_;
  std::atomic<int>& count_;
};

class CountingBackend final : public Backend {
 public:
  const std::string& name() const override { return inner_->name(); }
  const DeviceInfo& device() const override { return inner_->device(); }
  Verdict Offers(Precision precision) const override { return inner_->Offers(precision); }
  bool Has(OpKind op) const override { return inner_->Has(op); }
  Verdict Supports(const NodeContext& node) const override { return inner_->Supports(node); }
  Verdict Fuses(const NodeContext& node, const PostOp& next) const override { return inner_->Fuses(node, next); }
  LayoutPtr Prefers(const NodeContext& node, size_t input) const override { return inner_->Prefers(node, input); }
  std::unique_ptr<Kernel> Prepare(const NodeContext& node) const override { return inner_->Prepare(node); }
  std::unique_ptr<Memory> Allocate(size_t bytes) const override {
    return std::make_unique<CountedMemory>(inner_->Allocate(bytes), count);
  }
  std::unique_ptr<Stream> NewStream(ParallelFor* pool) const override { return inner_->NewStream(pool); }

  mutable std::atomic<int> count{0};

 private:
  std::unique_ptr<Backend> inner_ = MakeBackend("reference", {});
};

TEST(OverlappingReadings, KeepNoMoreMemoryThanTheyMaySee) {
  const auto backend = std::make_shared<CountingBackend>();
  Store store(backend);
  const TensorType type{DType::kFloat32, {4}};
  store.Declare("w", type);
  std::array<Store::View, 2> views;
  std::array<std::unique_ptr<Store::Reading>, 2> readings;
  for (Store::View& view : views) view.slots = {store.Slot("w", type)};
  readings[0] = std::make_unique<Store::Reading>(store, views[0]);
  for (size_t i = 1; i < 100; ++i) {  // one of them lives at any time
    const std::array<float, 4> values{static_cast<float>(i)};
    const auto* const seen = reinterpret_cast<const float*>(views[(i - 1) % 2].memory[0]->host());
    const float before = *seen;
    store.Write("w", DType::kFloat32, std::as_bytes(std::span(values)), 0);
    EXPECT_EQ(*seen, before);
    readings[i % 2] = std::make_unique<Store::Reading>(store, views[i % 2]);
    EXPECT_EQ(*reinterpret_cast<const float*>(views[i % 2].memory[0]->host()), static_cast<float>(i));
    readings[(i - 1) % 2].reset();
    EXPECT_LE(backend->count, 3);
  }
  readings = {};
  EXPECT_EQ(backend->count, 1);
}

TEST(OverlappingReadings, EndInAnyOrderWithoutTakingWhatOthersSee) {
  const auto backend = std::make_shared<CountingBackend>();
  Store store(backend);
  const TensorType type{DType::kFloat32, {4}};
  store.Declare("w", type);
  Store::View first;
  Store::View second;
  first.slots = second.slots = {store.Slot("w", type)};
  auto older = std::make_unique<Store::Reading>(store, first);
  const std::array<float, 4> values{};
  store.Write("w", DType::kFloat32, std::as_bytes(std::span(values)), 0);
  auto newer = std::make_unique<Store::Reading>(store, second);
  newer.reset();
  EXPECT_EQ(backend->count, 2);
  older.reset();
  EXPECT_EQ(backend->count, 1);
}

TEST(OverlappingReadings, AConstantThatOthersReadIsMadeInNewMemory) {
  const auto backend = std::make_shared<CountingBackend>();
  Store store(backend);
  const auto packed = store.Packed("key");
  constexpr size_t kBytes = size_t{5} << 20;  // smaller ones share memory
  store.MakeRoom(*packed, kBytes);
  const DevicePtr first = packed->memory->data();
  Store::View view;
  {
    const Store::Reading own(store, view);
    store.MakeRoom(*packed, kBytes);
    EXPECT_EQ(packed->memory->data(), first);
    {
      const Store::Reading other(store, view);
      store.MakeRoom(*packed, kBytes);
      EXPECT_NE(packed->memory->data(), first);
      EXPECT_EQ(backend->count, 2);
    }
    EXPECT_EQ(store.Stats().packed_bytes, packed->bytes);
  }
  EXPECT_EQ(backend->count, 1);
}

}  // namespace
}  // namespace slimnet
