// How each operation is named and drawn: its label, its hue, hollow where it has no weights.
// In the order in which charts stack them.

export const OPERATIONS = {
  identity: { symbol: "identity", label: "identity", hue: "identity", name: "Identity" },
  avg_pool_3x3: {
    symbol: "avg3",
    label: "avg 3",
    hue: "avg",
    name: "Average pool 3×3",
    hollow: true,
  },
  max_pool_3x3: { symbol: "max3", label: "max 3", hue: "max", name: "Max pool 3×3", hollow: true },
  conv_1x1: { symbol: "conv1x1", label: "1×1", hue: "conv-1x1", name: "Convolution 1×1" },
  conv_3x3: { symbol: "conv3x3", label: "3×3", hue: "conv-3x3", name: "Convolution 3×3" },
  group_conv_3x3: {
    symbol: "G3x3",
    label: "G 3×3",
    hue: "conv-3x3",
    name: "Grouped convolution 3×3",
  },
  sep_conv_3x3: {
    symbol: "sep3",
    label: "sep 3",
    hue: "sep",
    name: "Depthwise-separable convolution 3×3",
  },
  sep_conv_5x5: {
    symbol: "sep5",
    label: "sep 5",
    hue: "sep",
    name: "Depthwise-separable convolution 5×5",
  },
  sep_conv_7x7: {
    symbol: "sep7",
    label: "sep 7",
    hue: "sep",
    name: "Depthwise-separable convolution 7×7",
  },
};

/** How an operation is shown; one that this page does not know yet is shown by its own name. */
export const shown = (operation) =>
  OPERATIONS[operation] ?? {
    symbol: operation,
    label: operation,
    hue: "identity",
    name: operation,
  };
