defmodule ShopWeb.WebSocket.FrameTest do
  use ExUnit.Case, async: true

  import ShopWeb.Client, only: [masked: 2]

  alias ShopWeb.WebSocket.Frame

  doctest Frame

  test "frames of every length come back as they were" do
    for length <- [0, 1, 125, 126, 65_535, 65_536] do
      text = String.duplicate("t", length)
      assert Frame.parse(masked(0x1, text) <> "x") == {:ok, {:text, text}, "x"}
      assert byte_size(Frame.text(text)) > length
    end
  end

  test "control frames" do
    assert Frame.parse(masked(0x9, "tea")) == {:ok, {:ping, "tea"}, ""}
    assert Frame.parse(masked(0xA, "tea")) == {:ok, {:pong, "tea"}, ""}
    assert Frame.parse(masked(0x8, <<1001::16, "bye">>)) == {:ok, {:close, 1001}, ""}
    assert Frame.parse(masked(0x8, "")) == {:ok, {:close, 1000}, ""}
    assert Frame.pong("tea") == <<0x8A, 3, "tea">>
    assert Frame.close(1000) == <<0x88, 2, 1000::16>>
  end

  test "what is not whole is waited for" do
    whole = masked(0x1, String.duplicate("t", 300))

    for size <- 0..(byte_size(whole) - 1),
        do: assert(Frame.parse(binary_part(whole, 0, size)) == :more)
  end

  test "what is not taken says with which code" do
    assert Frame.parse(<<0x81, 5, "Hello">>) == {:error, 1002}
    assert Frame.parse(<<0x01, 0x80, 0::32>>) == {:error, 1002}
    assert Frame.parse(masked(0x3, "")) == {:error, 1002}
    assert Frame.parse(masked(0x1, <<0xFF>>)) == {:error, 1002}
    assert Frame.parse(masked(0x2, "bytes")) == {:error, 1003}
    assert Frame.parse(masked(0x1, String.duplicate("t", 65_537))) == {:error, 1009}
  end
end
