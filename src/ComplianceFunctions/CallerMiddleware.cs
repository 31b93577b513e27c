using Compliance.Callers;
using Microsoft.AspNetCore.Http;

namespace ComplianceFunctions;

/// <summary>
/// Lets a request reach its function only with the proof that <see cref="WhoMayCall"/> asks for, whatever the platform in front has let
/// through. Whoever has none gets 401 or 403 and the reason.
/// </summary>
internal sealed class CallerMiddleware(CallerTokenValidator tokens) : IFunctionsWorkerMiddleware
{
    /// <inheritdoc/>
    public async Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
    {
        var function = context.FunctionDefinition;
        if (!function.InputBindings.Values.Any(b => string.Equals(b.Type, "httpTrigger", StringComparison.OrdinalIgnoreCase)))
        {
            await next(context);
            return;
        }
        var request =
            context.GetHttpContext()?.Request ?? throw new InvalidOperationException($"{function.Name} was called without its request");
        if (await RefusalAsync(function.Name, request, context.CancellationToken) is { } refusal)
            context.GetInvocationResult().Value = JsonAnswer.Create(refusal.Status, new { error = refusal.Reason });
        else
            await next(context);
    }

    // Null where the request may go on; the caller is then known to the function.
    private async Task<CallerSignIn?> RefusalAsync(string function, HttpRequest request, CancellationToken cancellationToken)
    {
        switch (WhoMayCall.Rows.GetValueOrDefault(function))
        {
            case Proof.EntraRole row:
                // Several headers become one text, which is no token: what is checked here is what the function gets.
                var signIn = await tokens.ValidateAsync(request.Headers.Authorization.ToString(), row.Roles, cancellationToken);
                if (signIn.Identity is not { } caller)
                    return signIn;
                request.HttpContext.Features.Set(caller);
                return null;
            case Proof.HrSystem:
                return null;
            default:
                return CallerSignIn.Refused(StatusCodes.Status403Forbidden, "this function is not called from outside");
        }
    }
}

/// <summary>The caller of a request.</summary>
internal static class CallerOfRequest
{
    /// <summary>Who sent it, as <see cref="CallerMiddleware"/> found out.</summary>
    /// <exception cref="InvalidOperationException">It was not looked at.</exception>
    public static CallerIdentity Caller(this HttpRequest request) =>
        request.HttpContext.Features.Get<CallerIdentity>()
        ?? throw new InvalidOperationException("the request reached its function without a proof of who sent it");
}
