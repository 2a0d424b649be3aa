#include "backends/cudnn/gpu/limited_gpu.h"

#include <algorithm>
#include <atomic>
#include <string>
#include <utility>

#include "base/error.h"

namespace slimnet::cudnn {
namespace {

// What is left of a limit.
class Budget {
 public:
  explicit Budget(size_t bytes) : left_(bytes) {}

  bool Take(size_t bytes) {
    size_t left = left_;
    while (left >= bytes) {
      if (left_.compare_exchange_weak(left, left - bytes)) return true;
    }
    return false;
  }
  void GiveBack(size_t bytes) { left_ += bytes; }
  size_t left() const { return left_; }

 private:
  std::atomic<size_t> left_;
};

// A part of the budget, as long as it lives.
class BudgetedMemory final : public Memory {
 public:
  BudgetedMemory(std::shared_ptr<Budget> budget, size_t taken) : budget_(std::move(budget)), taken_(taken) {}
  ~BudgetedMemory() override { budget_->GiveBack(taken_); }
  BudgetedMemory(const BudgetedMemory&) = delete;
  BudgetedMemory& operator=(const BudgetedMemory&) = delete;

  void Hold(std::unique_ptr<Memory> memory) { memory_ = std::move(memory); }
  DevicePtr data() const override { return memory_->data(); }
  size_t bytes() const override { return memory_->bytes(); }
  std::byte* host() const override { return memory_->host(); }

 private:
  std::shared_ptr<Budget> budget_;
  size_t taken_;
  std::unique_ptr<Memory> memory_;
};

class LimitedGpu final : public Gpu {
 public:
  LimitedGpu(std::shared_ptr<Gpu> gpu, size_t bytes)
      : gpu_(std::move(gpu)), limit_(bytes), budget_(std::make_shared<Budget>(bytes)), properties_(gpu_->properties()) {
    properties_.memory_bytes = std::min(properties_.memory_bytes, bytes);
  }

  const GpuProperties& properties() const override { return properties_; }
  size_t free_bytes() override { return std::min(gpu_->free_bytes(), budget_->left()); }
  void MakeCurrent() override { gpu_->MakeCurrent(); }

  std::unique_ptr<Memory> Allocate(size_t bytes) override {
    if (!budget_->Take(bytes)) {
      throw Error(ErrorCode::kMemory, "The GPU has no " + std::to_string(bytes) + " bytes left: of the " +
                                          std::to_string(limit_) + " that this process may take there are " +
                                          std::to_string(budget_->left()) + " left.");
    }
    auto memory = std::make_unique<BudgetedMemory>(budget_, bytes);
    memory->Hold(gpu_->Allocate(bytes));
    return memory;
  }
  std::unique_ptr<Memory> AllocatePinned(size_t bytes) override { return gpu_->AllocatePinned(bytes); }
  std::unique_ptr<Queue> NewQueue() override { return gpu_->NewQueue(); }
  std::unique_ptr<Event> NewEvent() override { return gpu_->NewEvent(); }
  void BeginRecording(Queue& queue) override { gpu_->BeginRecording(queue); }
  std::unique_ptr<Recording> EndRecording(Queue& queue) override { return gpu_->EndRecording(queue); }

 private:
  std::shared_ptr<Gpu> gpu_;
  size_t limit_;
  std::shared_ptr<Budget> budget_;
  GpuProperties properties_;
};

}  // namespace

std::shared_ptr<Gpu> LimitMemory(std::shared_ptr<Gpu> gpu, size_t bytes) {
  return std::make_shared<LimitedGpu>(std::move(gpu), bytes);
}

}  // namespace slimnet::cudnn
