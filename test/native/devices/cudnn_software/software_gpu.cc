#include "native/devices/cudnn_software/software_gpu.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
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

void ThrowIfLost(const Faults& faults) {
  if (faults.uncorrectable) {
    throw Error(ErrorCode::kBackend, "The GPU was lost: uncorrectable ECC error encountered (software).");
  }
  if (faults.lost) throw Error(ErrorCode::kBackend, "The GPU was lost: unspecified launch failure (software).");
}

// What a CUDA graph does not take spoils the recording of the thread that asks for it.
class Recordings {
 public:
  struct State {
    Work work;
    std::string spoilt;  // why there will be none
  };

  void Begin(State& state) {
    const std::lock_guard lock(mutex_);
    if (!by_thread_.emplace(std::this_thread::get_id(), &state).second) {
      throw Error(ErrorCode::kBackend, "The GPU could not record work: the thread records already (software).");
    }
  }
  void End() {
    const std::lock_guard lock(mutex_);
    by_thread_.erase(std::this_thread::get_id());
  }
  // True where the calling thread records, whose recording is spoilt by it.
  bool Spoils(const char* what) {
    const std::lock_guard lock(mutex_);
    const auto found = by_thread_.find(std::this_thread::get_id());
    if (found == by_thread_.end()) return false;
    found->second->spoilt = what;
    return true;
  }
  void Forbid(const char* what) {
    if (!Spoils(what)) return;
    throw Error(ErrorCode::kBackend, "The GPU refused: operation not permitted when stream is capturing: " +
                                         std::string(what) + " (software).");
  }

  void Pin(const std::byte* start, size_t bytes) {
    const std::lock_guard lock(mutex_);
    pinned_[start] = bytes;
  }
  void Unpin(const std::byte* start) {
    const std::lock_guard lock(mutex_);
    pinned_.erase(start);
  }
  bool IsPinned(std::span<const std::byte> bytes) {
    const std::lock_guard lock(mutex_);
    auto after = pinned_.upper_bound(bytes.data());
    if (after == pinned_.begin()) return false;
    const auto& [start, size] = *--after;
    return bytes.data() + bytes.size() <= start + size;
  }

 private:
  std::mutex mutex_;
  std::map<std::thread::id, State*> by_thread_;
  std::map<const std::byte*, size_t> pinned_;
};

class SoftwareQueue final : public cudnn::Queue {
 public:
  SoftwareQueue(std::shared_ptr<Faults> faults, std::shared_ptr<Recordings> recordings)
      : faults_(std::move(faults)), recordings_(std::move(recordings)) {}
  ~SoftwareQueue() override {
    if (recording_) recordings_->End();
  }
  SoftwareQueue(const SoftwareQueue&) = delete;
  SoftwareQueue& operator=(const SoftwareQueue&) = delete;

  void Upload(DevicePtr to, std::span<const std::byte> from) override {
    if (recording_) {
      RequirePinned(from);
      Do([this, to, from] { std::memcpy(Address(to), from.data(), from.size()); });
      return;
    }
    Do([this, to, from, content = HashOf(from)] {
      if (HashOf(from) != content) {
        throw Error(ErrorCode::kInternal, "Memory of the host was changed before it was uploaded.");
      }
      std::memcpy(Address(to), from.data(), from.size());
    });
  }
  void Download(std::span<std::byte> to, DevicePtr from) override {
    if (recording_) RequirePinned(to);
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
    recordings_->Forbid("a wait");
    const Work work = std::exchange(work_, {});
    const std::vector<const cudnn::Complainant*> steps = std::exchange(steps_, {});
    complaint_ = {};
    if (!work.empty() && faults_->before_work) faults_->before_work();
    if (Counts(faults_->waits)) faults_->lost = true;
    if (Counts(faults_->until_uncorrectable)) faults_->uncorrectable = true;
    for (const auto& item : work) {
      ThrowIfLost(*faults_);
      item();
      if (complaint_.key == cudnn::Complaint::kNone) continue;
      const uint64_t index = complaint_.key & ((uint64_t{1} << cudnn::Complaint::kIndexBits) - 1);
      steps.at(complaint_.key >> cudnn::Complaint::kIndexBits)->Complain(static_cast<int64_t>(index), complaint_.value);
    }
  }

  void* native() override { return nullptr; }
  void Do(std::function<void()> work) override {
    Launch();
    (recording_ ? recording_->work : work_).push_back(std::move(work));
  }
  void Launched(std::string_view) override {}
  std::byte* Address(DevicePtr pointer) override { return reinterpret_cast<std::byte*>(ForKernel(pointer).address()); }

  cudnn::Complaint* complaint() override { return &complaint_; }
  double clock() const { return clock_; }
  void Spend(double milliseconds) { clock_ += milliseconds; }

  uint64_t Register(const cudnn::Complainant& step) override {
    steps_.push_back(&step);
    return steps_.size() - 1;
  }

  void BeginRecording() {
    auto state = std::make_unique<Recordings::State>();
    recordings_->Begin(*state);
    recording_ = std::move(state);
    registered_before_ = steps_.size();
  }
  // What was registered is so when the work is replayed.
  Work EndRecording(std::vector<const cudnn::Complainant*>& steps) {
    if (!recording_) throw Error(ErrorCode::kBackend, "The GPU could not record work: nothing was begun (software).");
    recordings_->End();
    const auto ended = std::exchange(recording_, nullptr);
    const auto first = steps_.begin() + static_cast<ptrdiff_t>(registered_before_);
    steps.assign(first, steps_.end());
    steps_.erase(first, steps_.end());
    if (Counts(faults_->recordings)) ended->spoilt = "an error that was asked for";
    if (ended->spoilt.empty()) return std::move(ended->work);
    throw Error(ErrorCode::kBackend,
                "The GPU could not record work: operation failed due to a previous error during capture: " +
                    ended->spoilt + " (software).");
  }
  size_t registered() const { return steps_.size(); }
  void Replay(const std::shared_ptr<const Work>& work, size_t registered_before,
              const std::vector<const cudnn::Complainant*>& steps) {
    if (!steps.empty() && steps_.size() != registered_before) {
      throw Error(ErrorCode::kInternal, "Recorded work was queued where other steps may complain than before.");
    }
    Launch();  // one, whatever there is in it
    for (size_t i = 0; i < work->size(); ++i) work_.push_back([work, i] { (*work)[i](); });
    steps_.insert(steps_.end(), steps.begin(), steps.end());
  }

 private:
  void Launch() {
    ++faults_->launched;
    if (Counts(faults_->until_lost)) faults_->lost = true;
    ThrowIfLost(*faults_);
    if (Counts(faults_->launches)) {
      throw Error(ErrorCode::kBackend, "The GPU refused a launch: invalid configuration argument (software).");
    }
  }
  void RequirePinned(std::span<const std::byte> bytes) {
    if (!recordings_->IsPinned(bytes)) recordings_->Forbid("a copy from or to memory that is not pinned");
  }

  std::shared_ptr<Faults> faults_;
  std::shared_ptr<Recordings> recordings_;
  Work work_;
  std::unique_ptr<Recordings::State> recording_;  // while work is recorded
  size_t registered_before_ = 0;
  std::vector<const cudnn::Complainant*> steps_;
  cudnn::Complaint complaint_;
  double clock_ = 0;
};

SoftwareQueue& Software(cudnn::Queue& queue) { return static_cast<SoftwareQueue&>(queue); }

// Queues never run at once. Times are those of a clock that work turns on (Spend).
class SoftwareEvent final : public cudnn::Event {
 public:
  void Record(cudnn::Queue& queue) override {
    auto& recorded = Software(queue);
    recorded.Do([moment = moment_, &recorded] { *moment = recorded.clock(); });
  }
  void Hold(cudnn::Queue&) override {}
  void Wait() override {}
  double MillisecondsSince(const cudnn::Event& earlier) override {
    return *moment_ - *static_cast<const SoftwareEvent&>(earlier).moment_;
  }

 private:
  std::shared_ptr<double> moment_ = std::make_shared<double>(0);
};

class SoftwareRecording final : public cudnn::Recording {
 public:
  SoftwareRecording(SoftwareQueue& queue, std::shared_ptr<Faults> faults) : faults_(std::move(faults)) {
    work_ = std::make_shared<const Work>(queue.EndRecording(steps_));
    registered_before_ = queue.registered();
    ++faults_->recorded;
    ++faults_->kept_recordings;
  }
  ~SoftwareRecording() override { --faults_->kept_recordings; }
  SoftwareRecording(const SoftwareRecording&) = delete;
  SoftwareRecording& operator=(const SoftwareRecording&) = delete;
  void Replay(cudnn::Queue& queue) override {
    Software(queue).Replay(work_, registered_before_, steps_);
    ++faults_->replayed;
  }

 private:
  std::shared_ptr<Faults> faults_;
  std::vector<const cudnn::Complainant*> steps_;
  size_t registered_before_ = 0;
  std::shared_ptr<const Work> work_;
};

// Counts as long as it lives.
class CountedMemory final : public Memory {
 public:
  CountedMemory(std::shared_ptr<std::atomic<size_t>> used, std::shared_ptr<Recordings> recordings,
                std::unique_ptr<Memory> inner)
      : used_(std::move(used)), recordings_(std::move(recordings)), inner_(std::move(inner)) {}
  ~CountedMemory() override {
    recordings_->Spoils("memory that is freed");
    *used_ -= inner_->bytes();
  }
  CountedMemory(const CountedMemory&) = delete;
  CountedMemory& operator=(const CountedMemory&) = delete;
  DevicePtr data() const override { return inner_->data(); }
  size_t bytes() const override { return inner_->bytes(); }
  std::byte* host() const override { return inner_->host(); }

 private:
  std::shared_ptr<std::atomic<size_t>> used_;
  std::shared_ptr<Recordings> recordings_;
  std::unique_ptr<Memory> inner_;
};

class PinnedMemory final : public Memory {
 public:
  PinnedMemory(std::shared_ptr<Recordings> recordings, std::unique_ptr<Memory> inner)
      : recordings_(std::move(recordings)), inner_(std::move(inner)) {
    recordings_->Pin(inner_->host(), inner_->bytes());
  }
  ~PinnedMemory() override { recordings_->Unpin(inner_->host()); }
  PinnedMemory(const PinnedMemory&) = delete;
  PinnedMemory& operator=(const PinnedMemory&) = delete;
  DevicePtr data() const override { return inner_->data(); }
  size_t bytes() const override { return inner_->bytes(); }
  std::byte* host() const override { return inner_->host(); }

 private:
  std::shared_ptr<Recordings> recordings_;
  std::unique_ptr<Memory> inner_;
};

class SoftwareGpu final : public cudnn::Gpu {
 public:
  SoftwareGpu(std::string deviceless, std::shared_ptr<Faults> faults, int index) : faults_(std::move(faults)) {
    properties_.index = index;
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
    recordings_->Forbid("an allocation");
    ThrowIfLost(*faults_);
    ++faults_->allocated;
    const bool fails = Counts(faults_->allocations);
    if (fails || bytes > free_bytes()) {
      throw Error(ErrorCode::kMemory, "The GPU has no " + std::to_string(bytes) + " bytes left: " +
                                          std::to_string(fails ? 0 : free_bytes()) + " are free (software).");
    }
    std::unique_ptr<Memory> inner = AllocateDiscrete(bytes);
    *used_ += bytes;
    return std::make_unique<CountedMemory>(used_, recordings_, std::move(inner));
  }
  std::unique_ptr<Memory> AllocatePinned(size_t bytes) override {
    recordings_->Forbid("an allocation");
    ++faults_->allocated;
    return std::make_unique<PinnedMemory>(recordings_, cpu::AllocateAligned(bytes));
  }
  std::unique_ptr<cudnn::Queue> NewQueue() override { return std::make_unique<SoftwareQueue>(faults_, recordings_); }
  std::unique_ptr<cudnn::Event> NewEvent() override { return std::make_unique<SoftwareEvent>(); }

  void BeginRecording(cudnn::Queue& queue) override { Software(queue).BeginRecording(); }
  std::unique_ptr<cudnn::Recording> EndRecording(cudnn::Queue& queue) override {
    return std::make_unique<SoftwareRecording>(Software(queue), faults_);
  }

 private:
  std::shared_ptr<Faults> faults_;
  std::shared_ptr<Recordings> recordings_ = std::make_shared<Recordings>();
  std::shared_ptr<std::atomic<size_t>> used_ = std::make_shared<std::atomic<size_t>>(0);
  cudnn::GpuProperties properties_;
};

}  // namespace

void Spend(cudnn::Queue& queue, double milliseconds) { Software(queue).Spend(milliseconds); }

std::shared_ptr<cudnn::Gpu> NewSoftwareGpu(std::string deviceless, std::shared_ptr<Faults> faults, int index) {
  return std::make_shared<SoftwareGpu>(std::move(deviceless), std::move(faults), index);
}

}  // namespace slimnet::testing
