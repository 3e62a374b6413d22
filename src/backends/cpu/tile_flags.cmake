# SPDX-License-Identifier: Apache-2.0
# Without these the compiler may not turn square roots and comparisons into vectors; no value changes.
foreach(file real_ops integer_ops real_reductions integer_reductions updates_real updates_fixed)
  set_source_files_properties(${PROJECT_SOURCE_DIR}/src/backends/cpu/tile_ops/${file}.cpp PROPERTIES
    COMPILE_OPTIONS "-fno-math-errno;-fno-trapping-math")
endforeach()
