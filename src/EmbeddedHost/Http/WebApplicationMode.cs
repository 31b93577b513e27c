namespace EmbeddedHost.Http;

/// <summary>Whether the app asked for ASP.NET Core types in its functions.</summary>
internal sealed class WebApplicationMode
{
    public bool On { get; set; }
}
