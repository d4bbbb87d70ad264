defmodule ShopWeb.LoginTest do
  use ExUnit.Case, async: true

  alias ShopWeb.{Config, Router}
  alias ShopWeb.HTTP.Request

  @config Config.load(secret: "kettle", password: "oolong", app_version: "v2")

  test "the form, its token and the password lead to the account" do
    {cookie, token} = form()
    answer = post(%{"user" => "anna", "password" => "oolong", "_csrf_token" => token}, cookie)
    assert {answer.status, header(answer, "location")} == {302, "/account"}

    account = get("/account", cookie(answer))
    assert account.status == 200
    assert IO.iodata_to_binary(account.body) =~ "Hello, anna"
    refute cookie(answer) == cookie
  end

  test "the token may come as a header" do
    {cookie, token} = form()
    form = URI.encode_query(%{"user" => "anna", "password" => "oolong"})
    answer = ask("POST", "/login", %{"cookie" => cookie, "x-csrf-token" => token}, form)
    assert answer.status == 302
  end

  test "a form without this visitor's token is forged" do
    {cookie, token} = form()
    right = %{"user" => "anna", "password" => "oolong"}
    assert post(right, cookie).status == 403
    assert post(Map.put(right, "_csrf_token", "made up"), cookie).status == 403
    assert post(Map.put(right, "_csrf_token", token), "").status == 403
    assert post(Map.put(right, "_csrf_token", token), elem(form(), 0)).status == 403
  end

  test "a wrong password, a nameless visitor and broken text are not let in" do
    {cookie, token} = form()

    for form <- [
          %{"user" => "anna", "password" => "coffee", "_csrf_token" => token},
          %{"user" => "", "password" => "oolong", "_csrf_token" => token},
          %{"_csrf_token" => token}
        ] do
      assert post(form, cookie).status == 401
    end

    assert ask("POST", "/login", %{"cookie" => cookie}, "user=%FF&_csrf_token=#{token}").status ==
             403
  end

  test "without a configured password nobody gets in" do
    {cookie, token} = form()
    form = URI.encode_query(%{"user" => "anna", "password" => "", "_csrf_token" => token})
    request = %Request{method: "POST", path: "/login", headers: %{"cookie" => cookie}, body: form}
    assert Router.call(request, %{@config | password: nil}).status == 401
  end

  test "who is not signed in is sent to the form" do
    for cookie <- ["", "other=1", "_shop_key=made.up", elem(form(), 0)] do
      answer = get("/account", cookie)
      assert {answer.status, header(answer, "location")} == {302, "/login"}
    end
  end

  test "a visitor who comes back keeps the token" do
    {cookie, token} = form()
    assert IO.iodata_to_binary(get("/login", cookie).body) =~ token
  end

  defp form do
    answer = get("/login", "")
    [_all, token] = Regex.run(~r/name="_csrf_token" value="([^"]+)"/, "#{answer.body}")
    assert "#{answer.body}" =~ ~s(<meta name="csrf-token" content="#{token}">)
    {cookie(answer), token}
  end

  defp get(path, cookie), do: ask("GET", path, %{"cookie" => cookie}, "")

  defp post(form, cookie) do
    ask("POST", "/login", %{"cookie" => cookie}, URI.encode_query(form))
  end

  defp ask(method, path, headers, body) do
    Router.call(%Request{method: method, path: path, headers: headers, body: body}, @config)
  end

  defp cookie(answer), do: answer |> header("set-cookie") |> String.split(";") |> hd()

  defp header(response, name) do
    {^name, value} = List.keyfind(response.headers, name, 0)
    value
  end
end
