#include <lanc/train/curve.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include <lanc/graph/error.h>
#include <lanc/train/output_file.h>

namespace lanc {
namespace {

// Told apart by color-blind readers too (Okabe and Ito, 2008), light yellow left out.
constexpr const char* colors[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000"};
constexpr double letter_width = 6.6;  // of 12 px sans-serif, on average; only room is made by it
constexpr size_t most_points = 2000;

const char* color_of(size_t series) { return colors[series % std::size(colors)]; }

template <class... T>
std::string format(const char* pattern, T... values) {
  char text[512];
  std::snprintf(text, sizeof text, pattern, values...);
  return text;
}

std::string escaped(const std::string& text) {
  std::string out;
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '&') out += "&amp;";
    else if (c == '<') out += "&lt;";
    else if (c == '>') out += "&gt;";
    else if (c == '"') out += "&quot;";
    else out += byte < 0x20 ? ' ' : c;  // control characters are not XML
  }
  return out;
}

// Beyond 1e300 differences overflow.
bool drawable(double v) { return std::abs(v) < 1e300; }

struct Range {
  double low = 0, high = 1, step = 1;
  double share(double v) const { return (v - low) / (high - low); }
};

// The smallest range of whole steps of 1, 2 or 5 times a power of 10, at least least_step (0 or 1), that holds [low, high] in about
// `ticks` steps.
Range round_range(double low, double high, int ticks, double least_step = 0) {
  const double largest = std::max(std::abs(low), std::abs(high));
  if (!(high - low > largest * 1e-12) || high - low < 1e-300) {  // equal, as far as digits go
    const double around = largest < 1e-290 ? 1 : largest * 0.1;
    low -= around;
    high += around;
  }
  const double raw = std::max((high - low) / ticks, least_step);
  const double power = std::pow(10.0, std::floor(std::log10(raw)));
  const double digit = raw / power;
  const double step = power * (digit <= 1.001 ? 1 : digit <= 2.001 ? 2 : digit <= 5.001 ? 5 : 10);
  constexpr double slack = 1e-9;
  return {std::floor(low / step + slack) * step, std::ceil(high / step - slack) * step, step};
}

std::string tick_text(double value, double step) {
  if (std::abs(value) < step * 1e-6) value = 0;
  const double largest = std::abs(value);
  if (largest >= 1e6 || step < 1e-5) return format("%.6g", value);
  const int decimals = std::max(0, static_cast<int>(-std::floor(std::log10(step) + 1e-9)));
  return format("%.*f", decimals, value);
}

struct Bounds {
  double low = INFINITY, high = -INFINITY;
  void add(double v) {
    low = std::min(low, v);
    high = std::max(high, v);
  }
  bool any() const { return low <= high; }
};

struct Frame {
  double left, top, right, bottom;
  Range x, y[2];
  double at_x(double v) const { return left + x.share(v) * (right - left); }
  double at_y(Axis axis, double v) const { return bottom - y[static_cast<int>(axis)].share(v) * (bottom - top); }
};

void check(const std::vector<Series>& series, const CurveOptions& options) {
  if (series.empty()) throw UserError("curve: at least one series is needed, got none");
  if (options.width < 240 || options.height < 160)
    throw UserError("curve: must be at least 240 x 160, got " + std::to_string(options.width) + " x " + std::to_string(options.height));
  for (const Series& s : series) {
    if (s.x.size() != s.y.size())
      throw UserError("curve: x and y of \"" + s.name + "\" must be equally many, got " + std::to_string(s.x.size()) + " and " +
                      std::to_string(s.y.size()));
    for (double x : s.x)
      if (!drawable(x)) throw UserError("curve: x of \"" + s.name + "\" must be finite, got " + format("%g", x));
  }
}

// Of a run of points without gaps, those to draw.
std::vector<size_t> thinned(const Series& s, size_t from, size_t to) {
  std::vector<size_t> kept;
  const size_t n = to - from;
  const size_t buckets = n > most_points ? most_points / 2 : n;
  for (size_t b = 0; b < buckets; ++b) {
    const size_t first = from + n * b / buckets, last = from + n * (b + 1) / buckets;
    size_t low = first, high = first;
    for (size_t i = first; i < last; ++i) {
      if (s.y[i] < s.y[low]) low = i;
      if (s.y[i] > s.y[high]) high = i;
    }
    kept.push_back(std::min(low, high));
    if (low != high) kept.push_back(std::max(low, high));
  }
  return kept;
}

std::string line_of(const Series& s, const Frame& frame, const char* color) {
  std::string out;
  for (size_t i = 0; i < s.x.size();) {
    if (!drawable(s.y[i])) {
      ++i;
      continue;
    }
    size_t end = i;
    while (end < s.x.size() && drawable(s.y[end])) ++end;
    if (end - i == 1) {
      out += format("<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"%s\"/>\n", frame.at_x(s.x[i]), frame.at_y(s.axis, s.y[i]), color);
    } else {
      out += "<polyline fill=\"none\" stroke=\"" + std::string(color) + "\" stroke-width=\"1.6\" stroke-linejoin=\"round\" points=\"";
      for (size_t p : thinned(s, i, end)) out += format("%.1f,%.1f ", frame.at_x(s.x[p]), frame.at_y(s.axis, s.y[p]));
      out.back() = '"';
      out += "/>\n";
    }
    i = end;
  }
  return out;
}

std::string text_at(double x, double y, const char* anchor, const std::string& text, const std::string& more = "") {
  return format("<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\"", x, y, anchor) + more + ">" + escaped(text) + "</text>\n";
}

std::string y_axis(const Frame& frame, Axis axis, const std::string& label, bool grid) {
  const Range& range = frame.y[static_cast<int>(axis)];
  const bool is_left = axis == Axis::left;
  std::string out;
  const int steps = static_cast<int>(std::lround((range.high - range.low) / range.step));
  for (int i = 0; i <= steps; ++i) {
    const double value = range.low + i * range.step, y = frame.at_y(axis, value);
    if (grid)
      out += format("<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"#e4e4e4\"/>\n", frame.left, y, frame.right, y);
    out += text_at(is_left ? frame.left - 8 : frame.right + 8, y + 4, is_left ? "end" : "start", tick_text(value, range.step));
  }
  const double x = is_left ? 18 : frame.right + 56, middle = (frame.top + frame.bottom) / 2;
  return out + text_at(x, middle, "middle", label, format(" transform=\"rotate(%d %.1f %.1f)\"", is_left ? -90 : 90, x, middle));
}

std::string x_axis(const Frame& frame, const std::string& label, bool right_too) {
  std::string out = format("<path d=\"M%.1f %.1fV%.1fH%.1fV%.1f\" fill=\"none\" stroke=\"#606060\"/>\n", frame.left, frame.top,
                           frame.bottom, frame.right, right_too ? frame.top : frame.bottom);
  const Range& range = frame.x;
  for (double i = std::ceil(range.low / range.step - 1e-9); i * range.step <= range.high + range.step * 1e-9; ++i) {
    const double x = frame.at_x(i * range.step);
    out += format("<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"#606060\"/>\n", x, frame.bottom, x, frame.bottom + 5);
    out += text_at(x, frame.bottom + 20, "middle", tick_text(i * range.step, range.step));
  }
  return out + text_at((frame.left + frame.right) / 2, frame.bottom + 42, "middle", label);
}

// One row of (line, name) under the title; goes on in another row when the width is used up.
std::string legend(const std::vector<Series>& series, double left, double right, double& y) {
  std::string out;
  double x = left;
  for (size_t i = 0; i < series.size(); ++i) {
    const double width = 42 + letter_width * static_cast<double>(series[i].name.size());
    if (x > left && x + width > right) {
      x = left;
      y += 18;
    }
    out += format("<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\" stroke-width=\"3\"/>\n", x, y - 4, x + 20, y - 4,
                  color_of(i));
    out += text_at(x + 26, y, "start", series[i].name);
    x += width;
  }
  return out;
}

std::string names_on(const std::vector<Series>& series, Axis axis) {
  std::string names;
  for (const Series& s : series)
    if (s.axis == axis) names += (names.empty() ? "" : ", ") + s.name;
  return names;
}

}  // namespace

std::string curve_svg(const std::string& title, const std::vector<Series>& series, const CurveOptions& options) {
  check(series, options);
  Bounds x, y[2];
  bool whole_x = true;  // epochs: no ticks between them
  for (const Series& s : series)
    for (size_t i = 0; i < s.x.size(); ++i)
      if (drawable(s.y[i])) {
        x.add(s.x[i]);
        y[static_cast<int>(s.axis)].add(s.y[i]);
        whole_x = whole_x && s.x[i] == std::floor(s.x[i]);
      }
  if (!x.any()) throw UserError("curve: at least one point with a finite y is needed, got none");
  const bool has_left = y[0].any(), has_right = y[1].any();

  const double width = static_cast<double>(options.width), height = static_cast<double>(options.height);
  Frame frame = {78, 0, width - (has_right ? 76 : 24), height - 56, {}, {}};
  double legend_y = 52;
  const std::string legend_text = legend(series, frame.left, frame.right, legend_y);
  frame.top = legend_y + 16;
  const int rows = std::clamp(static_cast<int>((frame.bottom - frame.top) / 55), 2, 8);
  for (int a = 0; a < 2; ++a)
    if (y[a].any()) frame.y[a] = round_range(y[a].low, y[a].high, rows);
  frame.x = round_range(x.low, x.high, std::clamp(static_cast<int>((frame.right - frame.left) / 75), 2, 10), whole_x ? 1 : 0);
  if (x.high > x.low) frame.x.low = x.low, frame.x.high = x.high;  // the ticks are round, the frame ends with the data

  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  out += format("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\" "
                "font-family=\"sans-serif\" font-size=\"12\" fill=\"#303030\">\n", width, height, width, height);
  out += "<title>" + escaped(title) + "</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n";
  out += text_at(frame.left, 28, "start", title, " font-size=\"16\" font-weight=\"bold\"") + legend_text;
  if (has_left) out += y_axis(frame, Axis::left, options.left_label.empty() ? names_on(series, Axis::left) : options.left_label, true);
  if (has_right)
    out += y_axis(frame, Axis::right, options.right_label.empty() ? names_on(series, Axis::right) : options.right_label, !has_left);
  out += x_axis(frame, options.x_label, has_right);
  for (size_t i = 0; i < series.size(); ++i) out += line_of(series[i], frame, color_of(i));
  return out + "</svg>\n";
}

void write_curve_svg(const std::string& path, const std::string& title, const std::vector<Series>& series, const CurveOptions& options) {
  write_whole_file(path, curve_svg(title, series, options));
}

}  // namespace lanc
