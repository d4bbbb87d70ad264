defmodule ShopWeb.JSONTest do
  use ExUnit.Case, async: true

  alias ShopWeb.JSON

  doctest JSON

  @values [
    {nil, "null"},
    {true, "true"},
    {false, "false"},
    {:ok, ~S("ok")},
    {0, "0"},
    {-12, "-12"},
    {1.5, "1.5"},
    {1.0e30, "1.0e30"},
    {"", ~S("")},
    {"grüner Tee 🍵", ~S("grüner Tee 🍵")},
    {~S(say "tea" \ coffee), ~S("say \"tea\" \\ coffee")},
    {"a\nb\r\tc", ~S("a\nb\r\tc")},
    {<<0, 27, 31>>, ~S("\u0000\u001B\u001F")},
    {[], "[]"},
    {[1, [2, []]], "[1,[2,[]]]"},
    {%{}, "{}"},
    {%{"a" => 1}, ~S({"a":1})},
    {%{a: %{b: nil}}, ~S({"a":{"b":null}})},
    {[b: 1, a: [c: 2]], ~S({"b":1,"a":{"c":2}})}
  ]

  test "each kind of value is written as RFC 8259 says" do
    for {value, json} <- @values do
      assert IO.iodata_to_binary(JSON.encode(value)) == json
    end
  end
end
