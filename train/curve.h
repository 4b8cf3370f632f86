// train/curve.h: a learning curve as an SVG file, written directly.
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

namespace lanc {

enum class Axis : uint8_t { left, right };

struct Series {
  std::string name = "";
  std::vector<double> x = {}, y = {};  // equally many; a y that is not finite or beyond 1e300 leaves a gap
  Axis axis = Axis::left;
  template <class X>
    requires std::is_arithmetic_v<X>
  void add(X x_value, double y_value) {
    x.push_back(static_cast<double>(x_value));
    y.push_back(y_value);
  }
};

struct CurveOptions {
  std::string x_label = "epoch";
  std::string left_label = "";   // empty: the names of the axis's series
  std::string right_label = "";
  int64_t width = 760, height = 440;
};

/// Lines over a common x axis, with one or two y axes (ticks at round numbers), a grid and a legend, as a complete SVG 1.1 document.
/// A series of one point is a dot; one of more than 2,000 points keeps the lowest and highest of each pixel column.
/// UserError: no series, x and y of different length, an x that is not finite, no finite point at all, less than 240 x 160.
std::string curve_svg(const std::string& title, const std::vector<Series>& series, const CurveOptions& options = {});

/// The same into a file, which is replaced whole or not at all; makes the directory when needed.
/// BackendError, with the path, when it cannot be written.
void write_curve_svg(const std::string& path, const std::string& title, const std::vector<Series>& series,
                     const CurveOptions& options = {});

}  // namespace lanc
