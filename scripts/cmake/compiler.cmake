# Compiler requirements and the flags of every object of slimnet.
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 12)
  message(FATAL_ERROR "slimnet needs g++ >= 12 (found ${CMAKE_CXX_COMPILER_VERSION}). On Debian and Ubuntu: apt-get install g++-12")
endif()

set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g -DNDEBUG")
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g -D_GLIBCXX_ASSERTIONS")

set(slimnet_sanitizers)
if(SLIMNET_SANITIZE)
  set(slimnet_sanitizers -fsanitize=${SLIMNET_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
endif()
if(SLIMNET_FUZZ)
  list(APPEND slimnet_sanitizers -fsanitize=fuzzer-no-link)
endif()

# Applies the house flags to one target.
function(slimnet_target target)
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Werror -ffunction-sections -fdata-sections)
  target_compile_options(${target} PRIVATE ${slimnet_sanitizers})
  target_link_options(${target} PRIVATE ${slimnet_sanitizers})
  if(NOT APPLE)
    target_link_options(${target} PRIVATE -Wl,--gc-sections)
  endif()
  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/native")
  target_compile_definitions(${target} PRIVATE SLIMNET_VERSION="${PROJECT_VERSION}" SLIMNET_BUILD_TYPE="$<CONFIG>")
  set_target_properties(${target} PROPERTIES
    CXX_EXTENSIONS OFF CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON)
endfunction()

# What is carried to machines with other libraries brings the C++ library along. Of a shared library no symbol of it is seen outside.
function(slimnet_carried target)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND NOT APPLE AND NOT SLIMNET_SANITIZE)
    target_link_options(${target} PRIVATE -static-libstdc++ -static-libgcc)
  endif()
endfunction()
