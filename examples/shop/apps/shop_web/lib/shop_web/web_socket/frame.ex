defmodule ShopWeb.WebSocket.Frame do
  @moduledoc """
  The frames of a WebSocket (RFC 6455, 5.2), without a socket.
  """

  import Bitwise

  @max_payload 64 * 1024

  # Status codes of RFC 6455, 7.4.1.
  @normal 1000
  @protocol_error 1002
  @unsupported 1003
  @too_big 1009

  @typedoc "What a client sends. Fragments are not taken: nobody here needs longer messages."
  @type frame ::
          {:text, String.t()} | {:ping, binary()} | {:pong, binary()} | {:close, 1000..4999}

  @typedoc "A frame and the bytes after it, or not all of it yet, or the code to close with."
  @type parsed :: {:ok, frame(), binary()} | :more | {:error, 1002 | 1003 | 1009}

  @doc """
  Reads one frame of a client, which is always masked.

      iex> masked = <<0x81, 0x85, 0x37, 0xFA, 0x21, 0x3D, 0x7F, 0x9F, 0x4D, 0x51, 0x58>>
      iex> ShopWeb.WebSocket.Frame.parse(masked <> "rest")
      {:ok, {:text, "Hello"}, "rest"}
      iex> ShopWeb.WebSocket.Frame.parse(binary_part(masked, 0, 8))
      :more
  """
  @spec parse(binary()) :: parsed()
  def parse(<<1::1, 0::3, opcode::4, 1::1, 127::7, length::64, rest::binary>>),
    do: payload(opcode, length, rest)

  def parse(<<1::1, 0::3, opcode::4, 1::1, 126::7, length::16, rest::binary>>),
    do: payload(opcode, length, rest)

  def parse(<<1::1, 0::3, opcode::4, 1::1, length::7, rest::binary>>) when length < 126,
    do: payload(opcode, length, rest)

  def parse(<<1::1, 0::3, _opcode::4, 1::1, _length::7, _rest::binary>>), do: :more
  def parse(bytes) when byte_size(bytes) < 2, do: :more
  def parse(_fragmented_or_unmasked), do: {:error, @protocol_error}

  @doc """
  Writes a text.

      iex> ShopWeb.WebSocket.Frame.text("Hello")
      <<0x81, 5, "Hello">>
  """
  @spec text(String.t()) :: binary()
  def text(text), do: frame(0x1, text)

  @doc """
  Answers a ping with its own bytes.
  """
  @spec pong(binary()) :: binary()
  def pong(bytes), do: frame(0xA, bytes)

  @doc """
  Says goodbye.
  """
  @spec close(1000..4999) :: binary()
  def close(code), do: frame(0x8, <<code::16>>)

  defp payload(_opcode, length, _rest) when length > @max_payload, do: {:error, @too_big}

  defp payload(opcode, length, <<mask::binary-size(4), rest::binary>>)
       when byte_size(rest) >= length do
    <<masked::binary-size(length), rest::binary>> = rest

    with {:ok, frame} <- read(opcode, unmask(masked, mask)) do
      {:ok, frame, rest}
    end
  end

  defp payload(_opcode, _length, _rest), do: :more

  defp read(0x1, bytes) do
    if String.valid?(bytes), do: {:ok, {:text, bytes}}, else: {:error, @protocol_error}
  end

  defp read(0x2, _bytes), do: {:error, @unsupported}
  defp read(0x8, <<code::16, _reason::binary>>) when code in 1000..4999, do: {:ok, {:close, code}}
  defp read(0x8, _bytes), do: {:ok, {:close, @normal}}
  defp read(0x9, bytes), do: {:ok, {:ping, bytes}}
  defp read(0xA, bytes), do: {:ok, {:pong, bytes}}
  defp read(_reserved, _bytes), do: {:error, @protocol_error}

  defp unmask(bytes, mask) do
    keys = mask |> :binary.bin_to_list() |> Stream.cycle()

    bytes
    |> :binary.bin_to_list()
    |> Enum.zip_with(keys, &bxor/2)
    |> :binary.list_to_bin()
  end

  defp frame(opcode, payload) when byte_size(payload) < 126,
    do: <<1::1, 0::3, opcode::4, byte_size(payload)::8, payload::binary>>

  defp frame(opcode, payload) when byte_size(payload) < 65_536,
    do: <<1::1, 0::3, opcode::4, 126::8, byte_size(payload)::16, payload::binary>>

  defp frame(opcode, payload),
    do: <<1::1, 0::3, opcode::4, 127::8, byte_size(payload)::64, payload::binary>>
end
