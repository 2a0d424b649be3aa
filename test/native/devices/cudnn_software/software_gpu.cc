#include "native/devices/cudnn_software/software_gpu.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "backends/cpu/aligned_memory.h"
#include "base/content_hash.h"
#include "base/error.h"
#include "native/devices/discrete_memory.h"

namespace slimnet::testing {
namespace {

using Work = std::vector<std::function<void()>>;

// True where it is this one that fails.
bool Counts(std::atomic<int64_t>& left) { return left != Faults::kNever && left.fetch_sub(1) == 0; }

[[noreturn]] void Lost() {
  throw Error(ErrorCode::kBackend, "The GPU was lost: unspecified launch failure (software).");
}

class SoftwareQueue final : public cudnn::Queue {
 public:
  explicit SoftwareQueue(std::shared_ptr<Faults> faults) : faults_(std::move(faults)) {}

  void Upload(DevicePtr to, std::span<const std::byte> from) override {
    Do([this, to, from, content = HashOf(from)] {
      if (HashOf(from) != content) {
        throw Error(ErrorCode::kInternal, "Memory of the host was changed before it was uploaded.");
      }
      std::memcpy(Address(to), from.data(), from.size());
    });
  }
  void Download(std::span<std::byte> to, DevicePtr from) override {
    std::ranges::fill(to, std::byte{0xff});  // there is nothing to be read yet
    Do([this, to, from] { std::memcpy(to.data(), Address(from), to.size()); });
  }
  void Copy(DevicePtr to, DevicePtr from, size_t bytes) override {
    Do([this, to, from, bytes] { std::memcpy(Address(to), Address(from), bytes); });
  }
  void Fill(DevicePtr to, std::byte value, size_t bytes) override {
    Do([this, to, value, bytes] { std::memset(Address(to), static_cast<int>(value), bytes); });
  }

  void Wait() override {
    const Work work = std::exchange(work_, {});
    const std::vector<const cudnn::Complainant*> steps = std::exchange(steps_, {});
    complaint_ = {};
    if (Counts(faults_->waits)) faults_->lost = true;
    for (const auto& item : work) {
      if (faults_->lost) Lost();
      item();
      if (complaint_.key == cudnn::Complaint::kNone) continue;
      const uint64_t index = complaint_.key & ((uint64_t{1} << cudnn::Complaint::kIndexBits) - 1);
      steps.at(complaint_.key >> cudnn::Complaint::kIndexBits)->Complain(static_cast<int64_t>(index), complaint_.value);
    }
  }

  void* native() override { return nullptr; }
  void Do(std::function<void()> work) override {
    if (Counts(faults_->until_lost)) faults_->lost = true;
    if (faults_->lost) Lost();
    if (Counts(faults_->launches)) {
      throw Error(ErrorCode::kBackend, "The GPU refused a launch: invalid configuration argument (software).");
    }
    (recording_ ? *recording_ : work_).push_back(std::move(work));
  }
  void Launched(std::string_view) override {}
  std::byte* Address(DevicePtr pointer) override { return reinterpret_cast<std::byte*>(ForKernel(pointer).address()); }

  cudnn::Complaint* complaint() override { return &complaint_; }
  uint64_t Register(const cudnn::Complainant& step) override {
    steps_.push_back(&step);
    return steps_.size() - 1;
  }

  void BeginRecording() { recording_.emplace(); }
  Work EndRecording() { return *std::exchange(recording_, std::nullopt); }
  void Replay(const Work& work) {
    for (const auto& item : work) Do(item);
  }

 private:
  std::shared_ptr<Faults> faults_;
  Work work_;
  std::optional<Work> recording_;
  std::vector<const cudnn::Complainant*> steps_;
  cudnn::Complaint complaint_;
};

SoftwareQueue& Software(cudnn::Queue& queue) { return static_cast<SoftwareQueue&>(queue); }

// There are no times, and queues never run at once.
class SoftwareEvent final : public cudnn::Event {
 public:
  void Record(cudnn::Queue&) override {}
  void Hold(cudnn::Queue&) override {}
  void Wait() override {}
  double MillisecondsSince(const cudnn::Event&) override { return 0; }
};

class SoftwareRecording final : public cudnn::Recording {
 public:
  explicit SoftwareRecording(Work work) : work_(std::move(work)) {}
  void Replay(cudnn::Queue& queue) override { Software(queue).Replay(work_); }

 private:
  Work work_;
};

class SoftwareGpu;

// Counts as long as it lives.
class CountedMemory final : public Memory {
 public:
  CountedMemory(std::shared_ptr<std::atomic<size_t>> used, std::unique_ptr<Memory> inner)
      : used_(std::move(used)), inner_(std::move(inner)) {}
  ~CountedMemory() override { *used_ -= inner_->bytes(); }
  CountedMemory(const CountedMemory&) = delete;
  CountedMemory& operator=(const CountedMemory&) = delete;
  DevicePtr data() const override { return inner_->data(); }
  size_t bytes() const override { return inner_->bytes(); }
  std::byte* host() const override { return inner_->host(); }

 private:
  std::shared_ptr<std::atomic<size_t>> used_;
  std::unique_ptr<Memory> inner_;
};

class SoftwareGpu final : public cudnn::Gpu {
 public:
  SoftwareGpu(std::string deviceless, std::shared_ptr<Faults> faults) : faults_(std::move(faults)) {
    properties_.name = "software";
    properties_.memory_bytes = faults_->memory_bytes;
    properties_.compute_capability = 90;
    properties_.multiprocessors = 132;
    properties_.driver_version = 13000;
    properties_.runtime_version = 13000;
    properties_.deviceless = std::move(deviceless);
  }

  const cudnn::GpuProperties& properties() const override { return properties_; }
  size_t free_bytes() override { return faults_->memory_bytes - std::min<size_t>(*used_, faults_->memory_bytes); }
  void MakeCurrent() override {}

  std::unique_ptr<Memory> Allocate(size_t bytes) override {
    if (faults_->lost) Lost();
    const bool fails = Counts(faults_->allocations);
    if (fails || bytes > free_bytes()) {
      throw Error(ErrorCode::kMemory, "The GPU has no " + std::to_string(bytes) + " bytes left: " +
                                          std::to_string(fails ? 0 : free_bytes()) + " are free (software).");
    }
    std::unique_ptr<Memory> inner = AllocateDiscrete(bytes);
    *used_ += bytes;
    return std::make_unique<CountedMemory>(used_, std::move(inner));
  }
  std::unique_ptr<Memory> AllocatePinned(size_t bytes) override { return cpu::AllocateAligned(bytes); }
  std::unique_ptr<cudnn::Queue> NewQueue() override { return std::make_unique<SoftwareQueue>(faults_); }
  std::unique_ptr<cudnn::Event> NewEvent() override { return std::make_unique<SoftwareEvent>(); }

  void BeginRecording(cudnn::Queue& queue) override { Software(queue).BeginRecording(); }
  std::unique_ptr<cudnn::Recording> EndRecording(cudnn::Queue& queue) override {
    return std::make_unique<SoftwareRecording>(Software(queue).EndRecording());
  }

 private:
  std::shared_ptr<Faults> faults_;
  std::shared_ptr<std::atomic<size_t>> used_ = std::make_shared<std::atomic<size_t>>(0);
  cudnn::GpuProperties properties_;
};

}  // namespace

std::shared_ptr<cudnn::Gpu> NewSoftwareGpu(std::string deviceless, std::shared_ptr<Faults> faults) {
  return std::make_shared<SoftwareGpu>(std::move(deviceless), std::move(faults));
}

}  // namespace slimnet::testing
