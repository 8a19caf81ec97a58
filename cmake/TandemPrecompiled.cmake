# The headers that most files include, parsed once a build instead of once a file. Library headers only: a change of ours
# never makes them again. TANDEM_PRECOMPILED_HEADERS=OFF builds without, which shows includes that a file forgot.
option(TANDEM_PRECOMPILED_HEADERS "Parse the headers of the standard library and of the big libraries once" ON)

set(precompiled_common
  <algorithm> <array> <charconv> <cmath> <cstdint> <deque> <functional> <map> <memory> <optional> <set> <span> <string>
  <string_view> <tuple> <utility> <variant> <vector>
  <fmt/format.h> <nlohmann/json.hpp> <tl/expected.hpp>)

# tandem_precompiled(core_base common): uses the precompiled headers of that set. Sets are made on first use, so that a
# build without tests needs no Google Test.
function(tandem_precompiled target headers)
  if(NOT TANDEM_PRECOMPILED_HEADERS)
    return()
  endif()
  set(holder precompiled_${headers})
  if(NOT TARGET ${holder})
    file(WRITE "${CMAKE_BINARY_DIR}/${holder}.cpp" "// Only here to carry precompiled headers.\n")
    add_library(${holder} OBJECT "${CMAKE_BINARY_DIR}/${holder}.cpp")
    target_link_libraries(${holder} PRIVATE tandem_options fmt::fmt tl::expected nlohmann_json::nlohmann_json)
    target_precompile_headers(${holder} PRIVATE ${precompiled_common})
    if(headers STREQUAL tests)
      target_link_libraries(${holder} PRIVATE GTest::gtest GTest::gmock)
      target_precompile_headers(${holder} PRIVATE <gmock/gmock.h> <gtest/gtest.h> <filesystem> <fstream> <sstream>)
    endif()
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      # ccache needs it to see through g++'s precompiled headers.
      target_compile_options(${holder} PRIVATE -fpch-preprocess)
    endif()
  endif()
  target_precompile_headers(${target} REUSE_FROM ${holder})
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${target} PRIVATE -fpch-preprocess)
  endif()
endfunction()

# ccache keeps files made with precompiled headers only when it is told that their dates and macros do not matter.
if(TANDEM_PRECOMPILED_HEADERS AND "${CMAKE_CXX_COMPILER_LAUNCHER}" MATCHES "ccache$")
  set(CMAKE_CXX_COMPILER_LAUNCHER "${CMAKE_COMMAND}" -E env CCACHE_SLOPPINESS=pch_defines,time_macros ${CMAKE_CXX_COMPILER_LAUNCHER})
endif()
