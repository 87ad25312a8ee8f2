"""What is read of nvidia-smi's answers, as they are written."""

from search_engine.nvidia import Gpu, named, names_none, read_gpus

LISTED = """\
GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-5c89852c-d268-c3f3-1b07-005d5ae1dc3f)
  MIG 3g.20gb     Device  0: (UUID: MIG-7089d0f3-293f-58c9-8f8c-5ea666eedbde)
  MIG 1g.5gb      Device  1: (UUID: MIG-56c30729-347f-5dd5-8f9a-ad6ecd3f4a6a)
GPU 1: NVIDIA T4 (UUID: GPU-d1c76a94-8d0b-4b3a-a1d4-111111111111)
"""


def test_a_sliced_card_counts_as_its_slices() -> None:
    card = "GPU-5c89852c-d268-c3f3-1b07-005d5ae1dc3f"
    name = "NVIDIA A100-SXM4-40GB MIG"
    t4 = "GPU-d1c76a94-8d0b-4b3a-a1d4-111111111111"
    assert read_gpus(LISTED) == [
        Gpu("MIG-7089d0f3-293f-58c9-8f8c-5ea666eedbde", f"{name} 3g.20gb", card),
        Gpu("MIG-56c30729-347f-5dd5-8f9a-ad6ecd3f4a6a", f"{name} 1g.5gb", card),
        Gpu(t4, "NVIDIA T4", t4),
    ]


def test_what_is_no_list_of_gpus_names_none() -> None:
    assert read_gpus("No devices were found\n") == []


def test_what_is_visible_may_be_nothing() -> None:
    assert [names_none(text) for text in (None, "", "-1", "0")] == [False, True, True, False]
    assert named("GPU-a, MIG-b,") == ["GPU-a", "MIG-b"]
