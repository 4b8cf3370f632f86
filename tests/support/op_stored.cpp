// Values that torch computed: dumped as questions, read back as answers.
#include <fstream>
#include <map>

#include <nlohmann/json.hpp>

#include <lanc/tests/support/op_run.h>

namespace lanc::cases {
namespace {

using nlohmann::json;

std::string path_of(const std::string& file) { return std::string(LANC_SOURCE_DIR) + "/tests/data/ops/" + file + ".json"; }

const char* kind_of(DType t) { return is_float(t) ? "f" : t == boolean ? "b" : "i"; }

json number(double v) {
  if (v != v) return "nan";
  if (v == 1 / 0.0) return "inf";
  if (v == -1 / 0.0) return "-inf";
  return v;
}

json elements_json(const Tensor& t) {
  json out = json::array();
  if (is_float(t.dtype())) {
    for (int64_t i = 0; i < t.numel(); ++i) out.push_back(number(t.at(i)));
  } else {
    const Tensor whole = t.to(i64);
    for (const int64_t v : whole.span<int64_t>()) out.push_back(v);
  }
  return out;
}

double read_number(const json& v) {
  if (!v.is_string()) return v.get<double>();
  return v == "nan" ? std::numeric_limits<double>::quiet_NaN() : v == "inf" ? 1 / 0.0 : -1 / 0.0;
}

// {"shape": [2], "kind": "f", "values": [0.5, "nan"]}: f64, or i64 for integers and bools.
Tensor read_tensor(const json& j) {
  const Sizes sizes = j.at("shape").get<Sizes>();
  Tensor t(j.at("kind") == "f" ? f64 : i64, sizes);
  const json& from = j.at("values");
  if (static_cast<int64_t>(from.size()) != t.numel()) throw std::runtime_error("stored values: their number is not the shape's");
  for (int64_t i = 0; i < t.numel(); ++i) {
    const auto at = static_cast<size_t>(i);
    if (t.dtype() == f64)
      t.span<double>()[at] = read_number(from[at]);
    else
      t.span<int64_t>()[at] = from[at].get<int64_t>();
  }
  return t;
}

using Stored = std::map<std::string, std::vector<Tensor>>;

const Stored& stored_of(const std::string& file) {
  static std::map<std::string, Stored> cache;
  const auto [place, fresh] = cache.try_emplace(file);
  if (!fresh) return place->second;
  std::ifstream in(path_of(file));
  if (!in) return place->second;
  const json all = json::parse(in);
  for (const auto& [key, entry] : all.at("entries").items())
    for (const json& t : entry) place->second[key].push_back(read_tensor(t));
  return place->second;
}

}  // namespace

std::string key_of(const Sample& sample, const std::vector<Tensor>& operands) {
  uint64_t hash = 0xcbf29ce484222325u;  // FNV-1a
  const auto add = [&](const void* p, size_t n) {
    for (size_t i = 0; i < n; ++i) hash = (hash ^ static_cast<const unsigned char*>(p)[i]) * 0x100000001b3u;
  };
  add(sample.torch.data(), sample.torch.size());
  for (const Tensor& x : operands) {
    add(kind_of(x.dtype()), 1);
    for (const int64_t size : x.sizes()) add(&size, sizeof size);
    const Tensor wide = x.to(is_float(x.dtype()) ? f64 : i64);
    for (int64_t i = 0; i < wide.numel(); ++i) {
      const double v = wide.at(i);
      if (v != v)
        add("nan", 3);
      else
        add(wide.data() + i * 8, 8);
    }
  }
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(hash));
  return text;
}

std::vector<std::string> stored_keys(const CaseFile& file) {
  std::vector<std::string> keys;
  for (const auto& [key, tensors] : stored_of(file.name)) keys.push_back(key);
  return keys;
}

std::vector<Tensor> expected_of(const CaseFile& file, const OpCases& op, const Sample& sample, const std::vector<Tensor>& operands) {
  if (sample.expect) {
    std::vector<Tensor> wide;
    for (const Tensor& x : operands) wide.push_back(x.to(f64));
    return sample.expect(wide);
  }
  const std::string name = op.op + "/" + sample.name;
  if (sample.torch.empty()) throw std::runtime_error(name + ": a sample needs a torch expression or a closed form");
  const auto& all = stored_of(file.name);
  const auto found = all.find(key_of(sample, operands));
  if (found == all.end())
    throw std::runtime_error("tests/data/ops/" + file.name + ".json has no values for " + name +
                             " as it is now; run: " LANC_BINARY_DIR
                             "/bin/test_ops --dump-samples samples.json && "
                             "python3 scripts/reference/op_values.py samples.json   (a python with torch)");
  return found->second;
}

void dump_samples(const std::vector<CaseFile>& files, const std::string& path) {
  json out = json::object();
  for (const CaseFile& file : files) {
    std::map<std::string, json> questions;
    for (const OpCases& op : file.ops)
      for (const Sample& sample : op.samples) {
        if (sample.torch.empty() || sample.expect) continue;
        for (const DType dtype : dtypes_of(op, sample)) {
          const std::vector<Tensor> operands = flushed_operands(op, sample, dtype);
          json inputs = json::array();
          for (const Tensor& x : operands)
            inputs.push_back({{"shape", x.sizes()}, {"kind", kind_of(x.dtype())}, {"values", elements_json(x)}});
          questions[key_of(sample, operands)] = {{"name", op.op + "/" + sample.name}, {"expression", sample.torch}, {"inputs", inputs}};
        }
      }
    if (!questions.empty()) out[file.name] = questions;
  }
  std::ofstream(path) << out.dump(0) << "\n";
}

}  // namespace lanc::cases
