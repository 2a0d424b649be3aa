#include "backend/backend.h"

#include "base/error.h"

namespace slimnet {

namespace {

[[noreturn]] void RecordsNothing() { throw Error(ErrorCode::kInternal, "This device records no work."); }

}  // namespace

void Stream::BeginRecording() { RecordsNothing(); }
std::unique_ptr<RecordedWork> Stream::EndRecording() { RecordsNothing(); }
void Stream::Replay(const RecordedWork&) { RecordsNothing(); }

std::vector<std::string> OpsLeftOut(const Backend& backend) {
  std::vector<std::string> left_out;
  for (size_t i = 0; i < kOps.size(); ++i) {
    const bool computed = !kOps[i].source && kOps[i].view != View::kMoving;
    if (computed && !backend.Has(static_cast<OpKind>(i))) left_out.emplace_back(kOps[i].name);
  }
  return left_out;
}

}  // namespace slimnet
