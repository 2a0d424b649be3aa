# What the cuDNN backend is tested with, and what its library is built with. Neither cuDNN's headers nor CUDA's are needed
# for the tests, and everything but that library builds without CUDA.
#
#   slimnet_cudnn_library  the pinned cuDNN that tests open; empty where it cannot be had, for slimnet_cudnn_missing
#   slimnet_cuda           whether slimnet_cudnn.so is built: where SLIMNET_NVCC, CUDA's compiler, is found
set(slimnet_cudnn_library "")
set(slimnet_cudnn_missing "")
if(SLIMNET_TESTS)
  if(NOT CMAKE_SYSTEM_NAME STREQUAL "Linux" OR NOT CMAKE_SYSTEM_PROCESSOR STREQUAL "x86_64")
    set(slimnet_cudnn_missing "cuDNN is for Linux on x86-64")
  else()
    find_program(SLIMNET_NODE node REQUIRED)
    execute_process(
      COMMAND "${SLIMNET_NODE}" "${PROJECT_SOURCE_DIR}/scripts/third_party.mjs" cudnn
      OUTPUT_VARIABLE cudnn_root OUTPUT_STRIP_TRAILING_WHITESPACE RESULT_VARIABLE status)
    if(status EQUAL 0)
      set(slimnet_cudnn_library "${cudnn_root}/nvidia/cudnn_jit/lib/libcudnn.so.9")
    else()
      set(slimnet_cudnn_missing "its package could not be obtained; node scripts/third_party.mjs cudnn says why")
    endif()
  endif()
  if(slimnet_cudnn_missing)
    message(STATUS "The cuDNN backend is not tested: ${slimnet_cudnn_missing}")
  endif()
endif()

set(slimnet_cuda OFF)
if(SLIMNET_CUDNN AND NOT SLIMNET_SANITIZE)
  find_program(SLIMNET_NVCC nvcc HINTS "$ENV{CUDA_HOME}/bin" "/usr/local/cuda/bin")
  if(SLIMNET_NVCC)
    get_filename_component(cuda_root "${SLIMNET_NVCC}" DIRECTORY)
    get_filename_component(cuda_root "${cuda_root}" DIRECTORY)
    find_library(SLIMNET_CUDART cudart_static HINTS "${cuda_root}/lib64" "${cuda_root}/lib")
    execute_process(COMMAND "${SLIMNET_NVCC}" --version OUTPUT_VARIABLE nvcc_version ERROR_QUIET)
    string(REGEX MATCH "release ([0-9]+\\.[0-9]+)" ignored "${nvcc_version}")
    # The first that knows Blackwell.
    if(CMAKE_MATCH_1 VERSION_GREATER_EQUAL 12.8 AND SLIMNET_CUDART)
      set(slimnet_cuda ON)
    endif()
  endif()
  if(NOT slimnet_cuda)
    message(STATUS "No library for NVIDIA GPUs: it needs nvcc of CUDA 12.8 or later, and its static runtime")
  endif()
endif()
