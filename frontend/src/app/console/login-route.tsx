// The login page with the console's theme around it.
import { ConsoleFrame } from "@/app/console/providers";
import { LoginPage } from "@/features/session/components/login-page";

export function LoginRoute() {
  return (
    <ConsoleFrame>
      <LoginPage />
    </ConsoleFrame>
  );
}
