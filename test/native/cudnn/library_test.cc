// Finding cuDNN: what is said where it is not there, or something else is.
#include "backends/cudnn/graph/library.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "base/error.h"
#include "native/cudnn/plan_case.h"
#include "native/cudnn/temporary_folder.h"

namespace slimnet::cudnn::testing {
namespace {

namespace fs = std::filesystem;

std::string ErrorOf(const fs::path& folder) {
  try {
    Library::Open({{folder.string()}, false});
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kBackend);
    return error.what();
  }
  return "nothing";
}

TEST(CudnnLibrary, ThatIsMissingIsSaidWithThePlaceAndWhatToInstall) {
  const TemporaryFolder temporary;
  const std::string said = ErrorOf(temporary.path());
  EXPECT_NE(said.find(temporary.path().string() + ": there is no libcudnn.so.9 in it"), std::string::npos) << said;
  EXPECT_NE(said.find("pip install nvidia-cudnn-cu13"), std::string::npos) << said;
}

TEST(CudnnLibrary, ThatIsDamagedIsSaidWithItsFile) {
  const TemporaryFolder temporary;
  fs::create_directory(temporary.path() / "lib");
  const fs::path file = temporary.path() / "lib" / "libcudnn.so.9";
  std::ofstream(file) << "no library";
  const std::string said = ErrorOf(temporary.path());
  EXPECT_NE(said.find(file.string() + ": "), std::string::npos) << said;
}

TEST(CudnnLibrary, ThatIsSomethingElseIsRefused) {
  SLIMNET_NEEDS_CUDNN();  // the stand-ins are built with it
  const TemporaryFolder temporary;
  fs::copy_file(slimnet::testing::StandInFolder() / "libnvrtc.so.13", temporary.path() / "libcudnn.so.9");
  const std::string said = ErrorOf(temporary.path());
  EXPECT_NE(said.find("it is no cuDNN 9.8 or later: functions are missing"), std::string::npos) << said;
}

TEST(CudnnLibrary, SaysItsVersionAndFile) {
  SLIMNET_NEEDS_CUDNN();
  const auto library = slimnet::testing::OpenPinnedCudnn();
  EXPECT_EQ(library->version(), 91900U);
  EXPECT_EQ(library->description(), "cuDNN 9.19.0 (" + slimnet::testing::PinnedCudnnFile().string() + ")");
}

}  // namespace
}  // namespace slimnet::cudnn::testing
