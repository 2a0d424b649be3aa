// A queue of the device as the runtime sees it.
#pragma once

#include <memory>
#include <utility>

#include "backend/backend.h"
#include "backends/cudnn/gathered_updates.h"
#include "backends/cudnn/gpu/gpu.h"
#include "base/error.h"

namespace slimnet::cudnn {

class QueueStream final : public Stream {
 public:
  explicit QueueStream(std::shared_ptr<Gpu> gpu) : gpu_(std::move(gpu)), queue_(gpu_->NewQueue()) {}

  void Upload(DevicePtr to, std::span<const std::byte> from) override { queue().Upload(to, from); }
  void Download(std::span<std::byte> to, DevicePtr from) override { queue().Download(to, from); }
  void Copy(DevicePtr to, DevicePtr from, size_t bytes) override { queue().Copy(to, from, bytes); }
  void Fill(DevicePtr to, std::byte value, size_t bytes) override { queue().Fill(to, value, bytes); }
  void Wait() override { queue().Wait(); }
  void BeginRecording() override { gpu_->BeginRecording(queue()); }
  std::unique_ptr<RecordedWork> EndRecording() override;
  void Replay(const RecordedWork& work) override { static_cast<const RecordedQueue&>(work).recording->Replay(queue()); }

  // For whoever queues something at once: what was gathered comes before.
  Queue& queue() {
    gathered_.Launch(*queue_);
    return *queue_;
  }
  // An update of a variable, which waits for others by the same rule.
  template <class Rule>
  void Gather(const Rule& rule, const Update& update) {
    gathered_.Add(*queue_, rule, update);
  }

 private:
  struct RecordedQueue final : RecordedWork {
    explicit RecordedQueue(std::unique_ptr<Recording> made) : recording(std::move(made)) {}
    std::unique_ptr<Recording> recording;
  };

  std::shared_ptr<Gpu> gpu_;
  std::unique_ptr<Queue> queue_;
  GatheredUpdates gathered_;
};

inline std::unique_ptr<RecordedWork> QueueStream::EndRecording() {
  try {
    gathered_.Launch(*queue_);
  } catch (...) {  // is what there is to be told
    try {
      gpu_->EndRecording(*queue_);
    } catch (const Error&) {
    }
    throw;
  }
  return std::make_unique<RecordedQueue>(gpu_->EndRecording(*queue_));
}

}  // namespace slimnet::cudnn
