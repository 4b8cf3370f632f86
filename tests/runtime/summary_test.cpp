// The table of a network's layers.
#include <gtest/gtest.h>

#include <lanc/lanc.h>

namespace lanc {
namespace {

struct Network {
  Graph g;
  Value x, logits;
};
Network network() {
  Graph g;
  const Value x = g.input("x", f32, {g.dim("batch"), 784});
  const models::Dense hidden(g.scope("net/hidden"), 784, 256), out(g.scope("net/out"), 256, 10);
  return {g, x, out(relu(hidden(x)))};
}

// 784 * 256 + 256 and 256 * 10 + 10 parameters; a product of m x k and n x k is 2mnk operations, the bias mn more.
TEST(Summary, ShowsLayersShapesParametersAndWork) {
  EXPECT_EQ(summary({network().logits}),
            "layer       output          parameters    operations\n"
            "net/hidden  f32[batch,256]     200,960  401664*batch\n"
            "net/out     f32[batch,10]        2,570    5130*batch\n"
            "(no layer)  f32[batch,256]                 256*batch\n"
            "total                          203,530  407050*batch\n"
            "parameters take 814,120 bytes\n");
}

TEST(Summary, OfBoundDimsShowsNumbers) {
  EXPECT_EQ(summary({network().logits}, {{"batch", 128}}),
            "layer       output        parameters  operations\n"
            "net/hidden  f32[128,256]     200,960  51,412,992\n"
            "net/out     f32[128,10]        2,570     656,640\n"
            "(no layer)  f32[128,256]                  32,768\n"
            "total                        203,530  52,102,400\n"
            "parameters take 814,120 bytes\n");
}

TEST(Summary, OfAGraphCountsDerivativesAndStatesToo) {
  const Network n = network();
  optimizers::adam().minimize(mean(square(n.logits)));
  const std::string text = summary(n.g, {{"batch", 1}});
  EXPECT_NE(text.find("\n(derivatives)  "), std::string::npos) << text;
  // Two slots of each parameter, and steps of 8 bytes.
  EXPECT_NE(text.find("parameters take 814,120 bytes, other states 1,628,2"), std::string::npos) << text;
}

TEST(Summary, OfNothingIsAnError) {
  EXPECT_THROW(summary(std::vector<Value>{}), UserError);
  EXPECT_THROW(summary({network().x, network().x}), UserError);
}

}  // namespace
}  // namespace lanc
