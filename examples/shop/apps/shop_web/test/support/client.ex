defmodule ShopWeb.Client do
  @moduledoc """
  A plain HTTP client for tests: it sends any bytes and reads one answer at a time.
  """

  @timeout 60_000

  @doc "Connects to a server on this machine."
  def connect(port) do
    :gen_tcp.connect({127, 0, 0, 1}, port, [:binary, active: false, packet: :http_bin])
  end

  @doc "Connects, or fails the test."
  def connect!(port) do
    {:ok, socket} = connect(port)
    socket
  end

  @doc "Sends a GET request without waiting for its answer."
  def ask(socket, path), do: send_bytes(socket, "GET #{path} HTTP/1.1\r\nhost: shop\r\n\r\n")

  @doc "Sends a GET request and reads its answer."
  def get(socket, path) do
    ask(socket, path)
    read(socket)
  end

  @doc "Sends bytes as they are."
  def send_bytes(socket, bytes), do: :ok = :gen_tcp.send(socket, bytes)

  @doc "Reads one answer; one to HEAD has no body whatever its length says."
  def read(socket, method \\ "GET") do
    :inet.setopts(socket, packet: :http_bin)
    {:ok, {:http_response, _version, status, _reason}} = :gen_tcp.recv(socket, 0, @timeout)
    headers = headers(socket, %{})
    %{status: status, headers: headers, body: body(socket, method, headers)}
  end

  @doc "A frame of a WebSocket, as a client sends it."
  def masked(opcode, payload) do
    mask = <<0x37, 0xFA, 0x21, 0x3D>>
    keys = mask |> :binary.bin_to_list() |> Stream.cycle()
    bytes = payload |> :binary.bin_to_list() |> Enum.zip_with(keys, &Bitwise.bxor/2)
    [first, length] = [0x80 + opcode, length_of(byte_size(payload))]
    <<first, length::binary, mask::binary, :binary.list_to_bin(bytes)::binary>>
  end

  @doc "Reads a text that a server sends over a WebSocket."
  def read_text(socket) do
    {0x1, text} = read_frame(socket)
    text
  end

  @doc "Reads one short frame that a server sends."
  def read_frame(socket) do
    :inet.setopts(socket, packet: :raw)
    {:ok, <<1::1, 0::3, opcode::4, 0::1, length::7>>} = :gen_tcp.recv(socket, 2, @timeout)
    {opcode, receive_bytes(socket, long(socket, length))}
  end

  defp long(socket, 126) do
    {:ok, <<length::16>>} = :gen_tcp.recv(socket, 2, @timeout)
    length
  end

  defp long(_socket, length), do: length

  defp receive_bytes(_socket, 0), do: ""

  defp receive_bytes(socket, length) do
    {:ok, bytes} = :gen_tcp.recv(socket, length, @timeout)
    bytes
  end

  defp length_of(length) when length < 126, do: <<1::1, length::7>>
  defp length_of(length) when length < 65_536, do: <<1::1, 126::7, length::16>>
  defp length_of(length), do: <<1::1, 127::7, length::64>>

  @doc "Whether the server has closed the connection, without a byte more."
  def closed?(socket), do: :gen_tcp.recv(socket, 0, @timeout) == {:error, :closed}

  defp headers(socket, headers) do
    case :gen_tcp.recv(socket, 0, @timeout) do
      {:ok, {:http_header, _, _, name, value}} ->
        headers(socket, Map.put(headers, String.downcase(name), value))

      {:ok, :http_eoh} ->
        headers
    end
  end

  defp body(_socket, "HEAD", _headers), do: ""
  defp body(_socket, _method, %{"content-length" => "0"}), do: ""
  defp body(_socket, _method, %{"upgrade" => "websocket", "connection" => "Upgrade"}), do: ""

  defp body(socket, _method, %{"content-length" => length}) do
    :inet.setopts(socket, packet: :raw)
    {:ok, body} = :gen_tcp.recv(socket, String.to_integer(length), @timeout)
    body
  end
end
