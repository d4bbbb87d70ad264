defmodule ShopWeb.JSON do
  @moduledoc """
  Writes JSON (RFC 8259). Reading is not needed here.
  """

  @typedoc """
  What can be written. Maps are objects; so are keyword lists, which keep their order. An empty
  list is an array. Strings must be UTF-8.
  """
  @type value ::
          nil
          | boolean()
          | atom()
          | number()
          | String.t()
          | [value()]
          | [{atom(), value()}]
          | %{optional(atom() | String.t()) => value()}

  @doc """
  Encodes a value.

      iex> json = ShopWeb.JSON.encode(status: :healthy, checks: %{"tea" => [1, 2.5, nil]})
      iex> IO.iodata_to_binary(json)
      ~S({"status":"healthy","checks":{"tea":[1,2.5,null]}})
  """
  @spec encode(value()) :: iodata()
  def encode(nil), do: "null"
  def encode(true), do: "true"
  def encode(false), do: "false"
  def encode(atom) when is_atom(atom), do: atom |> Atom.to_string() |> string()
  def encode(integer) when is_integer(integer), do: Integer.to_string(integer)
  def encode(float) when is_float(float), do: Float.to_string(float)
  def encode(text) when is_binary(text), do: string(text)
  def encode(map) when is_map(map), do: map |> Map.to_list() |> object()
  def encode([{key, _value} | _rest] = pairs) when is_atom(key), do: object(pairs)
  def encode(list) when is_list(list), do: [?[, join(list, &encode/1), ?]]

  defp object(pairs), do: [?{, join(pairs, &member/1), ?}]

  defp member({key, value}), do: [key |> to_string() |> string(), ?:, encode(value)]

  defp join(items, write), do: items |> Enum.map(write) |> Enum.intersperse(?,)

  defp string(text), do: [?", for(<<byte <- text>>, into: "", do: escape(byte)), ?"]

  defp escape(?"), do: ~S(\")
  defp escape(?\\), do: ~S(\\)
  defp escape(?\n), do: ~S(\n)
  defp escape(?\r), do: ~S(\r)
  defp escape(?\t), do: ~S(\t)

  defp escape(control) when control < 0x20 do
    ~S(\u00) <> (control |> Integer.to_string(16) |> String.pad_leading(2, "0"))
  end

  defp escape(byte), do: <<byte>>
end
