"""What torchvision's classifiers come to, counted once: no estimate waits for torch.

`python -m search_engine.networks.adopted.loads` writes the table anew.
"""

from typing import NamedTuple

SIDE = 224
"""Of the square images in colour that multiply-adds and numbers are counted for, in pixels."""


class Counted(NamedTuple):
    """A classifier without its last layer, on one image.

    Args:
        features: that the last layer takes.
        numbers: what the backward pass keeps.
        layers: convolutions, norms and linear layers, each begun once a step.
    """

    parameters: int
    multiply_adds: int
    features: int
    numbers: int
    layers: int


# fmt: off
TORCHVISION_LOADS = {
    "alexnet": Counted(57_003_840, 710_092_480, 4_096, 758_656, 8),
    "densenet121": Counted(6_953_856, 2_833_137_664, 1_024, 32_230_752, 242),
    "densenet161": Counted(26_472_000, 7_725_699_072, 2_208, 60_201_072, 322),
    "densenet169": Counted(12_484_480, 3_358_179_328, 1_664, 39_004_896, 338),
    "densenet201": Counted(18_092_928, 4_289_445_888, 1_920, 50_455_520, 402),
    "efficientnet_b0": Counted(4_007_548, 384_534_752, 1_280, 22_069_521, 131),
    "efficientnet_b1": Counted(6_513_184, 568_371_680, 1_280, 30_744_544, 185),
    "efficientnet_b2": Counted(7_700_994, 657_555_440, 1_408, 32_245_932, 185),
    "efficientnet_b3": Counted(10_696_232, 961_172_240, 1_536, 42_654_963, 209),
    "efficientnet_b4": Counted(17_548_616, 1_501_918_432, 1_792, 56_302_593, 257),
    "efficientnet_b5": Counted(28_340_784, 2_354_445_184, 2_048, 77_539_392, 311),
    "efficientnet_b6": Counted(40_735_704, 3_357_862_848, 2_304, 99_239_694, 359),
    "efficientnet_b7": Counted(63_786_960, 5_167_305_152, 2_560, 133_122_800, 437),
    "efficientnet_v2_l": Counted(117_234_272, 12_229_908_544, 1_280, 110_308_200, 557),
    "efficientnet_v2_m": Counted(52_858_356, 5_360_927_200, 1_280, 62_816_106, 403),
    "efficientnet_v2_s": Counted(20_177_488, 2_848_615_872, 1_280, 38_597_274, 281),
    "googlenet": Counted(5_599_904, 1_497_352_192, 1_024, 9_215_056, 115),
    "inception_v3": Counted(21_785_568, 2_835_873_120, 2_048, 11_916_864, 189),
    "maxvit_t": Counted(30_407_624, 5_380_513_792, 512, 76_832_420, 230),
    "mnasnet0_5": Counted(937_512, 103_175_968, 1_280, 6_294_280, 105),
    "mnasnet0_75": Counted(1_889_208, 214_213_104, 1_280, 9_698_296, 105),
    "mnasnet1_0": Counted(3_102_312, 313_135_872, 1_280, 11_085_328, 105),
    "mnasnet1_3": Counted(5_001_256, 525_082_432, 1_280, 14_882_200, 105),
    "mobilenet_v2": Counted(2_223_872, 299_494_272, 1_280, 19_569_440, 105),
    "mobilenet_v3_large": Counted(4_202_032, 215_309_760, 1_280, 11_040_688, 110),
    "mobilenet_v3_small": Counted(1_517_856, 55_486_400, 1_024, 4_048_512, 88),
    "regnet_x_16gf": Counted(52_229_536, 15_938_707_456, 2_048, 49_756_960, 143),
    "regnet_x_1_6gf": Counted(8_277_136, 1_601_937_792, 912, 15_556_056, 119),
    "regnet_x_32gf": Counted(105_290_560, 31_733_409_792, 2_520, 70_868_928, 149),
    "regnet_x_3_2gf": Counted(14_287_552, 3_175_613_952, 1_008, 22_330_032, 161),
    "regnet_x_400mf": Counted(5_094_976, 413_412_608, 400, 6_315_632, 143),
    "regnet_x_800mf": Counted(6_586_656, 799_027_712, 672, 10_074_912, 107),
    "regnet_x_8gf": Counted(37_651_648, 7_993_212_416, 1_920, 27_640_816, 149),
    "regnet_y_128gf": Counted(637_419_894, 127_510_423_680, 7_392, 159_235_838, 227),
    "regnet_y_16gf": Counted(80_565_140, 15_908_486_272, 3_024, 50_462_340, 155),
    "regnet_y_1_6gf": Counted(10_313_430, 1_611_188_160, 888, 17_981_654, 227),
    "regnet_y_32gf": Counted(141_333_770, 32_275_840_832, 3_712, 66_660_714, 171),
    "regnet_y_3_2gf": Counted(17_923_338, 3_174_970_752, 1_512, 24_965_690, 179),
    "regnet_y_400mf": Counted(3_903_144, 401_402_848, 440, 8_421_288, 139),
    "regnet_y_800mf": Counted(5_647_512, 833_072_256, 784, 11_708_600, 123),
    "regnet_y_8gf": Counted(37_364_472, 8_471_054_592, 2_016, 42_978_136, 147),
    "resnet101": Counted(42_500_160, 7_799_357_440, 2_048, 31_364_544, 209),
    "resnet152": Counted(58_143_808, 11_511_578_624, 2_048, 44_031_936, 311),
    "resnet18": Counted(11_176_512, 1_813_561_344, 512, 5_148_352, 41),
    "resnet34": Counted(21_284_672, 3_663_249_408, 512, 7_660_864, 73),
    "resnet50": Counted(23_508_032, 4_087_136_256, 2_048, 21_102_528, 107),
    "resnext101_32x8d": Counted(86_742_336, 16_411_967_488, 2_048, 61_368_384, 209),
    "resnext101_64x4d": Counted(81_406_272, 15_458_222_080, 2_048, 61_368_384, 209),
    "resnext50_32x4d": Counted(22_979_904, 4_228_431_872, 2_048, 27_683_136, 107),
    "shufflenet_v2_x0_5": Counted(341_792, 39_452_448, 1_024, 2_480_872, 113),
    "shufflenet_v2_x1_0": Counted(1_253_604, 143_883_992, 1_024, 4_624_130, 113),
    "shufflenet_v2_x1_5": Counted(2_478_624, 294_735_392, 1_024, 6_515_240, 113),
    "shufflenet_v2_x2_0": Counted(5_344_996, 581_205_464, 2_048, 8_760_898, 113),
    "squeezenet1_0": Counted(735_424, 732_396_576, 512, 7_668_346, 26),
    "squeezenet1_1": Counted(722_496, 262_623_936, 512, 4_439_770, 26),
    "vgg11": Counted(128_766_336, 7_604_994_048, 4_096, 9_156_608, 11),
    "vgg11_bn": Counted(128_771_840, 7_604_994_048, 4_096, 16_585_408, 19),
    "vgg13": Counted(128_950_848, 11_304_370_176, 4_096, 13_973_504, 13),
    "vgg13_bn": Counted(128_956_736, 11_304_370_176, 4_096, 26_219_392, 23),
    "vgg16": Counted(134_260_544, 15_466_168_320, 4_096, 15_278_080, 16),
    "vgg16_bn": Counted(134_268_992, 15_466_168_320, 4_096, 28_829_824, 29),
    "vgg19": Counted(139_570_240, 19_627_966_464, 4_096, 16_582_656, 19),
    "vgg19_bn": Counted(139_581_248, 19_627_966_464, 4_096, 31_440_256, 35),
    "wide_resnet101_2": Counted(124_837_696, 22_751_002_624, 2_048, 41_365_824, 209),
    "wide_resnet50_2": Counted(66_834_240, 11_395_973_120, 2_048, 27_683_136, 107),
}
# fmt: on
