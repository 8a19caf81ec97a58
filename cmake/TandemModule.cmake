set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
# Objects of a module need not wait for the libraries it links to.
set(CMAKE_OPTIMIZE_DEPENDENCIES ON)

add_library(tandem_options INTERFACE)
# No contraction, no fast-math, no -march: results must be the same bytes everywhere (hardening D8).
target_compile_options(tandem_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -ffp-contract=off)
if(TANDEM_WARNINGS_AS_ERRORS)
  target_compile_options(tandem_options INTERFACE -Werror)
endif()
target_include_directories(tandem_options INTERFACE "${CMAKE_SOURCE_DIR}")

# tandem_module(core_base PUBLIC fmt::fmt PRIVATE OpenSSL::Crypto): a static library of every .cpp in this folder.
# Modules are named after their folder; what they may link to is the arrow list of the design, checked by tests/lint.
function(tandem_module name)
  cmake_parse_arguments(ARG "" "" "PUBLIC;PRIVATE;SOURCES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cpp")
  list(APPEND sources ${ARG_SOURCES})
  if(sources)
    add_library(${name} STATIC ${sources})
    target_link_libraries(${name} PUBLIC tandem_options ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE})
    tandem_precompiled(${name} common)
  else()
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE tandem_options ${ARG_PUBLIC})
  endif()
endfunction()

# tandem_test(unit_base LABEL unit LINK core_base): every *_test.cpp in this folder as one program, a process per test.
# OWN_FMT: it links the header-only fmt of the container programs, so it cannot share precompiled headers.
function(tandem_test name)
  cmake_parse_arguments(ARG "OWN_FMT" "LABEL;TIMEOUT" "LINK;SOURCES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*_test.cpp")
  list(APPEND sources ${ARG_SOURCES})
  if(NOT sources)
    return()
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  add_executable(${name} ${sources})
  target_link_libraries(${name} PRIVATE tandem_options ${ARG_LINK} GTest::gtest GTest::gmock GTest::gtest_main)
  target_compile_definitions(${name} PRIVATE TANDEM_SOURCE_DIR="${CMAKE_SOURCE_DIR}")
  if(NOT ARG_OWN_FMT)
    tandem_precompiled(${name} tests)
  endif()
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST
    PROPERTIES LABELS "${ARG_LABEL}" TIMEOUT ${ARG_TIMEOUT})
endfunction()
